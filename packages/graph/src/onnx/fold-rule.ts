import type { DType } from "../dtype.js";
import { type Shape, sizeOf } from "../shape.js";
import type { Call } from "./call.js";

/** A known value as plain numbers. */
export interface Numbers {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: readonly number[];
}

export interface FoldContext {
  readonly call: Call;
  readonly values: readonly (Numbers | undefined)[];
  /** Results with more elements must not be worked out. */
  readonly limit: number;
}

/** Computes an operator's outputs; `undefined` where it cannot. */
export type FoldRule = (context: FoldContext) => readonly Numbers[] | undefined;

/** Elements to step over for one step along each axis. */
export function stridesOf(shape: Shape): number[] {
  const strides: number[] = [];
  let stride = 1;
  for (const dim of [...shape].reverse()) {
    strides.unshift(stride);
    stride *= dim;
  }
  return strides;
}

/** Fills a shape in row-major order from each element's coordinates. */
export function fill(shape: Shape, at: (index: readonly number[]) => number): number[] {
  const index = shape.map(() => 0);
  return Array.from({ length: sizeOf(shape) }, () => {
    const value = at(index);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]! += 1;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
    return value;
  });
}

/** Reads a value as if it were broadcast to a larger shape. */
export function broadcastReader({ shape, data }: Numbers, rank: number): (index: readonly number[]) => number {
  const strides = stridesOf(shape).map((stride, axis) => (shape[axis] === 1 ? 0 : stride));
  const added = rank - shape.length;
  return (index) => data[strides.reduce((offset, stride, axis) => offset + stride * index[added + axis]!, 0)]!;
}
