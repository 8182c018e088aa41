import { constantInts } from "../../operator.js";
import {
  type Call,
  type Conversion,
  inputOf,
  numberOf,
  numbersOf,
  withAttributes,
  withInputs,
  without,
} from "../call.js";

/** Axes moved from an attribute to an input. */
function toInput(call: Call): Call {
  const axes = numbersOf(call, "axes");
  const bare = without(call, "axes");
  return axes ? withInputs(bare, [inputOf(call, 0), call.graph.ints(axes)]) : bare;
}

/** The way back: the table has axes as an attribute, as in opset 17. */
function toAttribute(call: Call): Call | readonly [ReturnType<typeof inputOf>] {
  const x = inputOf(call, 0);
  const axes = constantInts(call, 1);
  if (!axes?.length && numberOf(call, "noop_with_empty_axes", 0) === 1) return [x];
  const bare = without(withInputs(call, [x]), "noop_with_empty_axes");
  return axes?.length ? withAttributes(bare, { axes }) : bare;
}

const BY_ATTRIBUTE = ["L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "SumSquare"];

export const axes: readonly Conversion[] = [
  ...["Squeeze", "Unsqueeze", "ReduceSum"].map((op) => ({ op, before: 13, convert: toInput })),
  ...BY_ATTRIBUTE.map((kind) => ({ op: `Reduce${kind}`, from: 18, convert: toAttribute })),
];
