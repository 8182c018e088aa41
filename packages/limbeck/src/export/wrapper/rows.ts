import { COLUMNS, type Column, TIMES } from "./facts.js";
import { type ModelInput, type Ort, open } from "./open.js";
import { type Options, SamplePredictor } from "./predictor.js";

/** Numbers in the order of `COLUMNS`, or by their names. */
export type Row = readonly number[] | Float32Array | Float64Array | Readonly<Record<Column, number>>;

/** What the model answers about: a row, or the rows of a window, the oldest first. */
export type Sample = Row | readonly Row[];

/**
 * Opens the model.
 * @param ort `onnxruntime-node` or `onnxruntime-web`
 * @param model path or URL of `onnx/model.onnx` or one of its variants, or the file's bytes
 */
export async function load(ort: Ort, model: string | Uint8Array, options: Options = {}): Promise<Predictor> {
  return new Predictor(ort, await open(ort, model, options.session ?? {}));
}

/** A model of rows or windows, ready to answer. */
export class Predictor extends SamplePredictor<Sample> {
  protected async inputOf(samples: readonly Sample[]): Promise<ModelInput> {
    const length = COLUMNS.length * TIMES;
    const values = new Float32Array(samples.length * length);
    for (const [i, sample] of samples.entries()) values.set(preprocess(sample), i * length);
    return ["rows", values, [samples.length, COLUMNS.length, 1, TIMES]];
  }
}

/** Numbers as the model takes them, [columns, 1, times]: as they are, column by column. */
export function preprocess(sample: Sample): Float32Array {
  const rows = isWindow(sample) ? sample : [sample];
  if (rows.length !== TIMES)
    throw new RangeError(`the model takes ${TIMES} rows at once, and these are ${rows.length}`);
  const values = new Float32Array(COLUMNS.length * TIMES);
  for (const [time, row] of rows.entries()) {
    for (const [column, value] of numbersOf(row).entries()) values[column * TIMES + time] = value;
  }
  return values;
}

function isWindow(sample: Sample): sample is readonly Row[] {
  return Array.isArray(sample) && typeof sample[0] !== "number";
}

function numbersOf(row: Row): readonly number[] {
  const list = Array.isArray(row) || ArrayBuffer.isView(row) ? (row as ArrayLike<number>) : undefined;
  if (list && list.length !== COLUMNS.length) {
    throw new RangeError(`a row has ${COLUMNS.length} numbers (${COLUMNS.join(", ")}), and this one ${list.length}`);
  }
  return COLUMNS.map((name, i) => {
    const value = list ? list[i] : (row as Readonly<Record<string, number>>)[name];
    if (typeof value === "number" && Number.isFinite(value)) return value;
    throw new RangeError(`${name} is ${value === undefined ? "missing" : String(value)}, not a finite number`);
  });
}
