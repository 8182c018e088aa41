import { constantInts } from "../../operator.js";
import * as f from "../../ops/build.js";
import { sizeOf } from "../../shape.js";
import type { Tensor } from "../../tensor.js";
import type { Call, Conversion } from "../call.js";
import { LARGEST_FOLDED } from "../fold.js";

/** Small ones are worked out at import; large ones become a scalar, spread out. */
function spread(call: Call): Call | readonly Tensor[] {
  const shape = constantInts(call, 0) ?? [];
  if (sizeOf(shape) <= LARGEST_FOLDED) return call;
  const { value } = call.attributes;
  const known = typeof value === "object" && "dtype" in value ? value : undefined;
  const scalar = call.graph.constant(known?.dtype ?? "float32", [], known?.data ?? [0]);
  return [f.expand(scalar, shape)];
}

export const constantOfShape: readonly Conversion[] = [{ op: "ConstantOfShape", convert: spread }];
