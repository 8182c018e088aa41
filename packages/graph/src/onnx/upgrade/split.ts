import { GraphError } from "../../errors.js";
import { constantInts } from "../../operator.js";
import { normalizeAxis } from "../../shape.js";
import { type Call, type Conversion, inputOf, numberOf, numbersOf, withInputs, without } from "../call.js";

/** The lengths of the parts: once an attribute, then an input, or as even as the number of parts allows. */
function withLengths(call: Call): Call {
  const x = inputOf(call, 0);
  const given = numbersOf(call, "split") ?? constantInts(call, 1);
  const size = x.shape[normalizeAxis(numberOf(call, "axis", 0), x.shape.length)]!;
  const count = numberOf(call, "num_outputs", call.used.length);
  if (count !== call.used.length) {
    throw new GraphError("MODEL_INVALID", `Split into ${count} parts has ${call.used.length} outputs`, {
      value: count,
    });
  }
  const lengths = given ?? evenParts(size, count);
  return withInputs(without(call, "split", "num_outputs"), [x, call.graph.ints(lengths)]);
}

function evenParts(size: number, count: number): number[] {
  const length = Math.ceil(size / count);
  return Array.from({ length: count }, (_, i) => Math.max(0, Math.min(length, size - i * length)));
}

export const split: readonly Conversion[] = [{ op: "Split", needs: ["Split"], convert: withLengths }];
