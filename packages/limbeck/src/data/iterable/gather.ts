import { LimbeckError } from "../../support/errors.js";
import { NpyWriter } from "../numpy/write.js";
import { Labelling } from "../table/classes.js";
import type { IterableOptions } from "./options.js";

/** A labelled sample that a program gives: an image's bytes `[channels, height, width]`, or a row of numbers. */
export type Sample = ({ readonly image: Uint8Array | Uint8ClampedArray } | { readonly row: ArrayLike<number> }) & {
  /** A class's name, or its place in `data.source.classes`; where these are not given, whatever tells classes apart. */
  readonly label: string | number;
};

/** Samples as they come; an iterable of a program's own. */
export type Samples = AsyncIterable<Sample> | Iterable<Sample>;

/** What can be read again has at most so many bytes. */
const MOST_BYTES = 2_000_000_000;

/** What was written of samples. */
export interface GatheredSamples {
  readonly kind: "images" | "rows";
  readonly classes: readonly string[];
}

/**
 * Writes all samples of a program as files of NumPy, so that a run can be gone on with when the program is over.
 * @throws LimbeckError DATA_CORRUPT with the sample's place where one is of another kind or length, is no number, or of no class;
 *   FILE_UNWRITABLE, DISK_FULL; whatever the samples throw; the signal's reason
 */
export async function gatherSamples(
  samples: Samples,
  { iterable, shape, classes }: IterableOptions,
  files: { readonly values: string; readonly labels: string },
  signal: AbortSignal,
): Promise<GatheredSamples> {
  const kind = shape ? "images" : "rows";
  const labelling = new Labelling(classes);
  const wanted = shape?.reduce((product, extent) => product * extent, 1);
  let writer: NpyWriter | undefined;
  let [count, length] = [0, wanted ?? 0];
  try {
    for await (const sample of samples) {
      signal.throwIfAborted();
      const where = `${iterable}, sample ${count + 1}`;
      const values = valuesOf(sample, kind, where);
      if (count === 0) length = wanted ?? values.length;
      if (values.length !== length || length === 0) throw wrong(where, `has ${values.length} values, not ${length}`);
      writer ??= shape ? new NpyWriter(files.values, "|u1", shape) : new NpyWriter(files.values, "<f4", [length]);
      labelling.push(classOf(sample.label, classes, where), where, "label");
      await writer.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      count++;
      if (count * values.byteLength > MOST_BYTES)
        throw wrong(where, `is too much: ${MOST_BYTES} bytes are kept at most`);
    }
    const found = labelling.finish(iterable);
    await writer?.finish(count);
    const labels = new NpyWriter(files.labels, "|u1", []);
    await labels.push(found.labels);
    await labels.finish(count);
    return { kind, classes: found.classes };
  } catch (error) {
    await writer?.discard();
    throw error;
  }
}

function valuesOf(
  sample: Sample,
  kind: "images" | "rows",
  where: string,
): Uint8Array | Uint8ClampedArray | Float32Array {
  const { image, row } = (sample ?? {}) as { image?: unknown; row?: unknown };
  if (kind === "images") {
    if (image instanceof Uint8Array || image instanceof Uint8ClampedArray) return image;
    throw wrong(where, "has no bytes as its image; for rows, leave data.source.shape out");
  }
  const isList = Array.isArray(row) || (ArrayBuffer.isView(row) && !(row instanceof DataView));
  if (!isList) throw wrong(where, "has no numbers as its row; for images, set data.source.shape");
  const values = Float32Array.from(row as ArrayLike<number>, Number);
  const strange = values.findIndex((value) => !Number.isFinite(value));
  if (strange < 0) return values;
  throw wrong(where, `has ${String((row as ArrayLike<unknown>)[strange])} as its number ${strange + 1}`);
}

/** A number is a class's place where classes are given. */
function classOf(label: unknown, classes: readonly string[] | undefined, where: string): string {
  if (typeof label === "string") return label;
  const name = typeof label !== "number" ? undefined : classes ? classes[label] : String(label);
  if (name !== undefined) return name;
  throw wrong(where, `has the label ${String(label)}, which is no class`);
}

function wrong(where: string, problem: string): LimbeckError {
  const fix = "Correct what the program gives as samples.";
  return new LimbeckError("DATA_CORRUPT", `${where} ${problem}`, { where, fix });
}
