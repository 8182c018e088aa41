import { type Call, type Conversion, inputOf, numberOf, withInputs, without } from "../call.js";

/** How many was an attribute before opset 10. */
function toInput(call: Call): Call {
  return withInputs(without(call, "k"), [inputOf(call, 0), call.graph.ints([numberOf(call, "k", 1)])]);
}

export const topk: readonly Conversion[] = [{ op: "TopK", before: 10, convert: toInput }];
