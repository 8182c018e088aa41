import type { SparseTensorProto } from "onnx-buf";
import { type TypedArray, zeros } from "../dtype.js";
import { GraphError } from "../errors.js";
import { formatShape, type Shape, sizeOf } from "../shape.js";
import type { KnownValue } from "./data-types.js";
import { stridesOf } from "./fold-rule.js";
import { decodeTensor, type ExternalData, shapeOf } from "./tensors.js";

/** A few bytes of file may claim any size: more elements than these are not filled in. */
const LARGEST_DENSE = 2 ** 27;

/**
 * A sparse tensor with its zeros filled in.
 * @throws GraphError MODEL_UNSUPPORTED for more than 2^27 elements; MODEL_INVALID where indices do not fit
 */
export function decodeSparse(proto: SparseTensorProto, externalData?: ExternalData): KnownValue {
  const name = proto.values?.name ?? "";
  if (!proto.values || !proto.indices) throw new GraphError("MODEL_INVALID", `sparse tensor ${name} is incomplete`);
  const shape = shapeOf(name, proto.dims);
  const size = sizeOf(shape);
  if (size > LARGEST_DENSE) {
    throw new GraphError("MODEL_UNSUPPORTED", `sparse tensor ${name} of shape ${formatShape(shape)} is too large`, {
      value: shape,
      fix: `Sparse tensors are filled in, up to ${LARGEST_DENSE} elements.`,
    });
  }
  const { dtype, data } = decodeTensor(proto.values, externalData);
  const positions = positionsOf(name, decodeTensor(proto.indices, externalData), data.length, shape);
  const dense = zeros(dtype, size);
  positions.forEach((position, i) => {
    if (!(position >= 0 && position < size)) throw invalidIndex(name, position, shape);
    dense[position] = data[i]!;
  });
  return { dtype, shape, data: dense };
}

/** Indices are positions in row-major order, or one row of coordinates for each value. */
function positionsOf(name: string, indices: KnownValue, count: number, shape: Shape): number[] {
  const numbers = Array.from(indices.data as ArrayLike<number | bigint> & TypedArray, Number);
  const rank = indices.shape.length === 2 ? shape.length : 1;
  if (numbers.length !== count * rank) throw invalidIndex(name, indices.shape, shape);
  if (indices.shape.length !== 2) return numbers;
  const strides = stridesOf(shape);
  return Array.from({ length: count }, (_, row) =>
    strides.reduce((position, stride, axis) => {
      const index = numbers[row * rank + axis]!;
      if (!(index >= 0 && index < shape[axis]!)) throw invalidIndex(name, index, shape);
      return position + stride * index;
    }, 0),
  );
}

function invalidIndex(name: string, value: unknown, shape: Shape): GraphError {
  const message = `sparse tensor ${name} of shape ${formatShape(shape)} has indices outside of it`;
  return new GraphError("MODEL_INVALID", message, { value });
}
