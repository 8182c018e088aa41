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
  /** The samples of a file, by its path or its bytes, one after another. @throws Error whose message is what is wrong with it */
  decode(file: string | Uint8Array): Promise<Uint8Array | Float32Array>;
  /**
   * What the decoded bytes of these files are kept as, if they are: the same name only where they would be the same bytes. Of
   * media with one sample of bytes for each file. Default: they are not kept.
   */
  keptAs?(paths: readonly string[], signal: AbortSignal): Promise<string>;
}
