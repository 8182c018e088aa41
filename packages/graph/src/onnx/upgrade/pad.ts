import { constantInts } from "../../operator.js";
import { normalizeAxis } from "../../shape.js";
import { type Call, type Conversion, inputOf, numberOf, numbersOf, withInputs, without } from "../call.js";

/** Widths and filling were attributes before opset 11. */
function toInputs(call: Call): Call {
  const x = inputOf(call, 0);
  const pads = numbersOf(call, "pads") ?? numbersOf(call, "paddings") ?? [];
  const value = call.graph.scalar(numberOf(call, "value", 0), x.dtype);
  return withInputs(without(call, "pads", "paddings", "value"), [x, call.graph.ints(pads), value]);
}

/** Opset 18 pads some axes only: spell the others out as 0. */
function allAxes(call: Call): Call {
  const axes = constantInts(call, 3);
  const [x, value] = [inputOf(call, 0), call.inputs[2]];
  if (!axes) return withInputs(call, call.inputs.slice(0, 3));
  const pads = constantInts(call, 1) ?? [];
  const rank = x.shape.length;
  const full = new Array<number>(2 * rank).fill(0);
  axes.forEach((axis, i) => {
    const k = normalizeAxis(axis, rank);
    full[k] = pads[i] ?? 0;
    full[rank + k] = pads[axes.length + i] ?? 0;
  });
  return withInputs(call, [x, call.graph.ints(full), value]);
}

export const pad: readonly Conversion[] = [
  { op: "Pad", before: 11, convert: toInputs },
  { op: "Pad", from: 18, convert: allAxes },
];
