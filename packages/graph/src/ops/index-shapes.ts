import type { DType } from "../dtype.js";
import { GraphError } from "../errors.js";
import { formatShape, type Shape, sameShape } from "../shape.js";
import type { Tensor } from "../tensor.js";

/** @throws GraphError DTYPE_MISMATCH unless the indices have one of the given types */
export function checkIndexType(indices: Tensor, allowed: readonly DType[] = ["int32", "int64"]): void {
  if (allowed.includes(indices.dtype)) return;
  throw new GraphError("DTYPE_MISMATCH", `indices must be ${allowed.join(" or ")}, not ${indices.dtype}`, {
    value: indices.dtype,
    fix: "Cast them.",
  });
}

/**
 * Shape of what GatherND takes, and of ScatterND's updates: the indices without their last axis, then what one index
 * leaves of the data.
 * @throws GraphError SHAPE_MISMATCH, ATTRIBUTE_INVALID
 */
export function gatheredNDShape(data: Shape, indices: Shape, batch = 0): Shape {
  if (!Number.isInteger(batch) || batch < 0 || batch >= Math.min(data.length, indices.length)) {
    throw new GraphError("ATTRIBUTE_INVALID", `batch_dims ${batch} is too large or negative`, { value: batch });
  }
  const depth = indices.at(-1)!;
  const sameBatch = sameShape(data.slice(0, batch), indices.slice(0, batch));
  if (!sameBatch || depth < 1 || batch + depth > data.length) {
    throw new GraphError("SHAPE_MISMATCH", `indices ${formatShape(indices)} do not suit ${formatShape(data)}`, {
      value: indices,
      fix: "The last axis of the indices holds one coordinate for each of the data's leading axes behind batch_dims.",
    });
  }
  return [...indices.slice(0, -1), ...data.slice(batch + depth)];
}
