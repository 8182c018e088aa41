import { sizeOf } from "../shape.js";
import type { Tensor } from "../tensor.js";
import * as f from "./build.js";

/** A constant matrix [rows, columns], row by row. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float64Array;
}

/** One nonzero entry of a matrix: column and value. */
export type Entry = readonly [column: number, value: number];

/** A matrix from the nonzero entries of each row; entries of one place add up. */
export function sparseMatrix(rows: readonly (readonly Entry[])[], columns: number): Matrix {
  const data = new Float64Array(rows.length * columns);
  rows.forEach((entries, row) => {
    for (const [column, value] of entries) data[row * columns + column]! += value;
  });
  return { rows: rows.length, columns, data };
}

export function transposed({ rows, columns, data }: Matrix): Matrix {
  const result = new Float64Array(data.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) result[column * rows + row] = data[row * columns + column]!;
  }
  return { rows: columns, columns: rows, data: result };
}

function isIdentity({ rows, columns, data }: Matrix): boolean {
  return rows === columns && data.every((value, i) => value === (i % (columns + 1) === 0 ? 1 : 0));
}

function constantOf(like: Tensor, { rows, columns, data }: Matrix): Tensor {
  return like.graph.constant(like.dtype, [rows, columns], Array.from(data));
}

/** Multiplies the vectors along one axis by a matrix: the axis goes from `columns` to `rows` elements. */
export function applyAlong(x: Tensor, axis: number, matrix: Matrix): Tensor {
  if (isIdentity(matrix)) return x;
  const [outer, inner] = [x.shape.slice(0, axis), x.shape.slice(axis + 1)];
  const shape = [...outer, matrix.rows, ...inner];
  const width = sizeOf(inner);
  if (width === 1) {
    const flat = f.reshape(x, [sizeOf(outer), matrix.columns]);
    return f.reshape(f.matmul(flat, constantOf(x, transposed(matrix))), shape);
  }
  const stacked = f.reshape(x, [sizeOf(outer), matrix.columns, width]);
  return f.reshape(f.matmul(constantOf(x, matrix), stacked), shape);
}

/** {@link applyAlong} for several axes from `firstAxis` on, the last one first. */
export function applyAll(x: Tensor, firstAxis: number, matrices: readonly Matrix[]): Tensor {
  return matrices.reduceRight((partial, matrix, i) => applyAlong(partial, firstAxis + i, matrix), x);
}
