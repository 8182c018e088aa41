import { GraphError } from "../errors.js";
import type { RuntimeTensor } from "./backend.js";
import { nextName, rowsName } from "./program.js";

/** Rows of a buffer that a step replaces. */
interface Replacement {
  readonly target: Float32Array;
  readonly values: Float32Array;
  /** Where each row of `values` begins in `target`. */
  readonly starts: readonly number[];
}

/**
 * Writes what a step returned into buffers of which it replaces rows, in the order of the rows.
 * @param banks by name; all rows are looked at before any is written
 * @throws GraphError RUNTIME_FAILED where a row is not there
 */
export function replaceRows(
  banks: readonly (readonly [string, RuntimeTensor])[],
  results: Readonly<Record<string, RuntimeTensor>>,
): void {
  const replacements = banks.map(([name, bank]) => replacement(name, bank, results));
  for (const { target, values, starts } of replacements) {
    const width = values.length / starts.length;
    starts.forEach((start, i) => {
      target.set(values.subarray(i * width, (i + 1) * width), start);
    });
  }
}

function replacement(
  name: string,
  { data, dims }: RuntimeTensor,
  results: Readonly<Record<string, RuntimeTensor>>,
): Replacement {
  const [target, values] = [data as Float32Array, results[nextName(name)]!.data as Float32Array];
  const [count, width] = [dims[0]!, target.length / dims[0]!];
  const rows = Array.from(results[rowsName(name)]!.data as BigInt64Array, Number);
  const wrong = rows.find((row) => row < 0 || row >= count);
  if (wrong === undefined) return { target, values, starts: rows.map((row) => row * width) };
  throw new GraphError("RUNTIME_FAILED", `a step replaces row ${wrong} of ${name}, which has ${count}`, {
    value: wrong,
  });
}
