import type { TypedArray } from "@limbeck/graph";

/** Whether no element is infinite or not a number; integers, counters among a model's values, never are. */
export function isFiniteArray(values: TypedArray): boolean {
  if (values instanceof Float32Array || values instanceof Float64Array) return values.every(Number.isFinite);
  return true;
}
