import { ops, type Tensor } from "@limbeck/graph";

/** A square below which a length counts as zero, and has no gradient: that of the root would have no bound. */
const SMALLEST_SQUARE = 1e-12;

/** Euclidean length along axes; of all of it by default. */
export function lengthOf(x: Tensor, axes?: readonly number[]): Tensor {
  const square = ops.reduceSum(ops.mul(x, x), axes ? { axes } : {});
  return ops.sqrt(ops.maximum(square, SMALLEST_SQUARE));
}

const perImage = (x: Tensor) => ops.reduceMean(lengthOf(x, [1, 2, 3]));

/** The length of an image [C, H, W], averaged over images. */
export const l2Norm = perImage;

/** Places of both pixels of a pair: rows from, rows to, columns from, columns to, where 1 is the next one. */
const NEIGHBORS = [
  [0, 0, 0, 1],
  [0, 1, 0, 0],
  [1, 0, 0, 1],
  [0, 1, 0, 1],
] as const;

/**
 * Differences of neighboring pixels across, down and along both diagonals: the length of each, added up, averaged over
 * images [N, C, H, W].
 */
export function totalVariation(images: Tensor): Tensor {
  const [, , height, width] = images.shape as [number, number, number, number];
  const parts = NEIGHBORS.map(([row, nextRow, column, nextColumn]) => {
    const [rows, columns] = [height - Math.max(row, nextRow), width - Math.max(column, nextColumn)];
    const from = (top: number, left: number) => ops.slice(images, [top, left], [top + rows, left + columns], [2, 3]);
    return perImage(ops.sub(from(row, column), from(nextRow, nextColumn)));
  });
  return parts.reduce((a, b) => ops.add(a, b));
}
