import { withoutIdleCeil } from "../../ops/window.js";
import type { Attributes } from "../../tensor.js";
import { type Call, type Conversion, inputOf, numberOf } from "../call.js";

/** ONNX Runtime counts windows in the padding that its kernels leave out: drop a `ceil_mode` that changes nothing. */
function dropIdleCeil(call: Call): Call {
  if (numberOf(call, "ceil_mode", 0) === 0) return call;
  return { ...call, attributes: withoutIdleCeil(inputOf(call, 0).shape, call.attributes as Attributes) };
}

export const pool: readonly Conversion[] = ["MaxPool", "AveragePool"].map((op) => ({ op, convert: dropIdleCeil }));
