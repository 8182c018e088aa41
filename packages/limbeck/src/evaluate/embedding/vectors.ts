/** Vectors of one width, one after another: [count, width]. */
export interface Vectors {
  readonly values: Float32Array;
  readonly width: number;
}

export const countOf = ({ values, width }: Vectors): number => values.length / width;

/** The vector at a place. */
export function vectorAt({ values, width }: Vectors, row: number): Float32Array {
  return values.subarray(row * width, (row + 1) * width);
}

/** Some of the vectors, in another order. */
export function takeVectors(vectors: Vectors, places: ArrayLike<number>): Vectors {
  const { width } = vectors;
  const values = new Float32Array(places.length * width);
  for (let i = 0; i < places.length; i++) values.set(vectorAt(vectors, places[i]!), i * width);
  return { values, width };
}

/** Vectors of length 1; those of length 0 have no direction and stay as they are. */
export function normalized({ values, width }: Vectors): Vectors {
  const result = { values: values.slice(), width };
  for (let row = 0; row < countOf(result); row++) {
    const vector = vectorAt(result, row);
    const length = Math.sqrt(dot(vector, vector));
    if (length > 0) for (let i = 0; i < width; i++) vector[i]! /= length;
  }
  return result;
}

/** In double precision. */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Cosine of each two vectors at one place; 0 where one has no direction. */
export function cosines(a: Vectors, b: Vectors): number[] {
  const [left, right] = [normalized(a), normalized(b)];
  return Array.from({ length: countOf(a) }, (_, row) => dot(vectorAt(left, row), vectorAt(right, row)));
}

/** Squared distance of each two vectors at one place. */
export function squaredDistances(a: Vectors, b: Vectors): number[] {
  return Array.from({ length: countOf(a) }, (_, row) => {
    const [left, right] = [vectorAt(a, row), vectorAt(b, row)];
    let sum = 0;
    for (let i = 0; i < a.width; i++) sum += (left[i]! - right[i]!) ** 2;
    return sum;
  });
}

/** The mean of all vectors. */
export function meanVector(vectors: Vectors): Float32Array {
  const { values, width } = vectors;
  const sums = new Float64Array(width);
  values.forEach((value, i) => {
    sums[i % width]! += value;
  });
  return Float32Array.from(sums, (sum) => sum / countOf(vectors));
}

/** One vector, so often. */
export function repeated(vector: Float32Array, count: number): Vectors {
  const values = new Float32Array(vector.length * count);
  for (let row = 0; row < count; row++) values.set(vector, row * vector.length);
  return { values, width: vector.length };
}
