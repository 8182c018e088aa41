import { isFloat } from "../dtype.js";
import { GraphError } from "../errors.js";
import type { Tensor } from "../tensor.js";
import { toAttributes } from "./attributes.js";
import type { Call } from "./call.js";
import { canFold, fold } from "./fold.js";
import { convert } from "./upgrade/index.js";

/** Adds a call to its graph, in the table's form; or works it out where its inputs are known. */
export function emitCall(call: Call): readonly Tensor[] {
  const converted = convert(call);
  if (!("op" in converted)) return converted;
  const { graph, op } = converted;
  const folded = fold(converted);
  if (folded) return folded.map(({ dtype, shape, data }) => graph.constant(dtype, shape, data));
  const inputs = [...converted.inputs];
  while (inputs.length > 0 && inputs.at(-1) === undefined) inputs.pop();
  const operator = graph.operators.get(op);
  if (operator) return graph.emit(op, inputs, toAttributes(operator, converted.attributes));
  const open = inputs.find((input) => input && input.source.kind !== "constant");
  if (open && !isFloat(open.dtype) && canFold(op)) {
    throw new GraphError("NOT_CONSTANT", `${op} needs ${open.name} when the graph is built`, {
      value: open.name,
      fix: "Give the option shapesOf, or fix the input with the option freeze.",
    });
  }
  throw new GraphError("MODEL_UNSUPPORTED", `the model uses operators that graphs do not have: ${op}`, {
    value: { [op]: 1 },
  });
}
