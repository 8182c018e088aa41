import * as f from "../../ops/build.js";
import type { Tensor } from "../../tensor.js";
import { toAttributes } from "../attributes.js";
import { type Call, type Conversion, numberOf, unsupported, without } from "../call.js";

/** Initial states follow the sequence lengths among the inputs. */
const FIRST_STATE = 5;
const LAST_STATE = 6;

/** Layout 1 has the batch first, which neither the table nor ONNX Runtime knows: transpose in and out. */
function timeFirst(call: Call): Call | readonly Tensor[] {
  if (numberOf(call, "layout", 0) === 0) return without(call, "layout");
  const swap = (tensor: Tensor) => f.transpose(tensor, [1, 0, 2]);
  const inputs = call.inputs.map((input, i) => {
    return input && (i === 0 || i === FIRST_STATE || i === LAST_STATE) ? swap(input) : input;
  });
  const operator = call.graph.operators.get(call.op);
  if (!operator) throw unsupported(call, "graphs do not have it");
  const attributes = toAttributes(operator, without(call, "layout").attributes);
  const [all, ...last] = call.graph.emit(call.op, inputs, attributes);
  return [f.transpose(all!, [2, 0, 1, 3]), ...last.map(swap)];
}

export const recurrent: readonly Conversion[] = ["RNN", "GRU", "LSTM"].map((op) => ({
  op,
  from: 14,
  convert: timeFirst,
}));
