import { constantInts } from "../../operator.js";
import * as f from "../../ops/build.js";
import type { Tensor } from "../../tensor.js";
import { type Call, type Conversion, inputOf } from "../call.js";

/** Outside of training, dropout changes nothing, and its mask is all ones. */
function inert(call: Call): Call | readonly Tensor[] {
  if (call.opset >= 12 && constantInts(call, 2)?.[0]) return call;
  const x = inputOf(call, 0);
  if (!call.used[1]) return [x];
  const dtype = call.opset < 10 ? x.dtype : "bool";
  return [x, f.expand(call.graph.constant(dtype, [], [1]), x.shape)];
}

export const dropout: readonly Conversion[] = [{ op: "Dropout", convert: inert }];
