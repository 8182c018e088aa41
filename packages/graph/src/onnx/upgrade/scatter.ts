import type { Conversion } from "../call.js";

/** Scatter became ScatterElements in opset 11. */
export const scatter: readonly Conversion[] = [
  { op: "Scatter", needs: ["ScatterElements"], convert: (call) => ({ ...call, op: "ScatterElements" }) },
];
