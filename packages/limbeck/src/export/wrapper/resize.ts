/** Where a new pixel takes its value from: old pixels from `first` on, by their weights. */
interface Reach {
  readonly first: number;
  readonly weights: readonly number[];
}

/** A triangle as wide as the step from one new pixel to the next, so that none of the old ones is skipped when shrinking. */
function reaches(from: number, to: number): Reach[] {
  const step = from / to;
  const radius = Math.max(1, step);
  return Array.from({ length: to }, (_, i) => {
    const center = (i + 0.5) * step;
    const first = Math.max(0, Math.floor(center - radius));
    const last = Math.min(from, Math.ceil(center + radius));
    const raw = Array.from({ length: last - first }, (_, j) =>
      Math.max(0, 1 - Math.abs(first + j + 0.5 - center) / radius),
    );
    const sum = raw.reduce((a, b) => a + b, 0);
    return { first, weights: raw.map((weight) => weight / sum) };
  });
}

/**
 * One channel of an image at another size: bilinear, smoothed where it shrinks.
 * @param at value of an old pixel by its place, row by row
 */
function resizeChannel(
  at: (place: number) => number,
  [height, width]: readonly [number, number],
  [newHeight, newWidth]: readonly [number, number],
): Float32Array {
  const across = reaches(width, newWidth);
  const wide = new Float32Array(height * newWidth);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < newWidth; x++) {
      const { first, weights } = across[x]!;
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += weights[i]! * at(y * width + first + i);
      wide[y * newWidth + x] = sum;
    }
  }
  const down = reaches(height, newHeight);
  const resized = new Float32Array(newHeight * newWidth);
  for (let y = 0; y < newHeight; y++) {
    const { first, weights } = down[y]!;
    for (let x = 0; x < newWidth; x++) {
      let sum = 0;
      for (let i = 0; i < weights.length; i++) sum += weights[i]! * wide[(first + i) * newWidth + x]!;
      resized[y * newWidth + x] = sum;
    }
  }
  return resized;
}

export { resizeChannel };
