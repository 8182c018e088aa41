import { type Call, type Conversion, inputOf, numbersOf, withInputs, without } from "../call.js";

/** Ranges were attributes before opset 10. */
function toInputs(call: Call): Call {
  const { graph } = call;
  const [starts, ends, axes] = ["starts", "ends", "axes"].map((name) => numbersOf(call, name));
  const inputs = [inputOf(call, 0), graph.ints(starts ?? []), graph.ints(ends ?? []), axes && graph.ints(axes)];
  return withInputs(without(call, "starts", "ends", "axes"), inputs);
}

export const slice: readonly Conversion[] = [{ op: "Slice", before: 10, convert: toInputs }];
