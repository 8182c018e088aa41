import { type Call, type Conversion, inputOf, withInputs, without } from "../call.js";

/** Bounds were attributes before opset 11. */
function toInputs(call: Call): Call {
  const x = inputOf(call, 0);
  const bound = (name: string) => {
    const value = call.attributes[name];
    return typeof value === "number" ? call.graph.scalar(value, x.dtype) : undefined;
  };
  return withInputs(without(call, "min", "max", "consumed_inputs"), [x, bound("min"), bound("max")]);
}

export const clip: readonly Conversion[] = [{ op: "Clip", before: 11, convert: toInputs }];
