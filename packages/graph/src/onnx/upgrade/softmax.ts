import * as f from "../../ops/build.js";
import { normalizeAxis, sizeOf } from "../../shape.js";
import type { Tensor } from "../../tensor.js";
import { type Call, type Conversion, inputOf, numberOf, withAttributes } from "../call.js";

/** Before opset 13, everything from `axis` on was one long axis. */
function flattened(call: Call): Call | readonly Tensor[] {
  const x = inputOf(call, 0);
  const axis = normalizeAxis(numberOf(call, "axis", 1), x.shape.length);
  if (axis === x.shape.length - 1) return withAttributes(call, { axis: -1 });
  const rows = f.reshape(x, [sizeOf(x.shape.slice(0, axis)), sizeOf(x.shape.slice(axis))]);
  return [f.reshape(f.emitOne(call.op, [rows], { axis: -1 }), x.shape)];
}

export const softmax: readonly Conversion[] = ["Softmax", "LogSoftmax", "Hardmax"].map((op) => ({
  op,
  before: 13,
  convert: flattened,
}));
