import type { ImageDataset } from "../dataset.js";
import type { FileKind } from "./find.js";

/** Samples out of files of one kind. */
export interface Medium extends FileKind {
  /** What all samples have in common. */
  readonly facts: Pick<ImageDataset, "channels" | "height" | "width" | "columns" | "sound">;
  /** The option that makes samples smaller. */
  readonly shrink: string;
  allocate(values: number): Uint8Array | Float32Array;
  /** How many samples a file has, without decoding it. Default: one. @throws Error whose message is what is wrong with it */
  count?(path: string): Promise<number>;
  /** A file's samples, one after another. @throws Error whose message is what is wrong with it */
  decode(path: string): Promise<Uint8Array | Float32Array>;
}
