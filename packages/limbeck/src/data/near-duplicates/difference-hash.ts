const SIDE = 8;

/** Rows and columns of the grid that a hash is drawn from. */
export const HASH_GRID: readonly [rows: number, columns: number] = [SIDE, SIDE + 1];

/**
 * A difference hash ("dHash"): whether each of 8 × 8 cells is darker than the one to its right, in two words of 32 bits. Most bits
 * stay where an image is scaled, compressed, blurred, or made brighter.
 */
export function differenceHash(grid: Float64Array): readonly [low: number, high: number] {
  const words: [number, number] = [0, 0];
  for (let bit = 0; bit < SIDE * SIDE; bit++) {
    const left = Math.floor(bit / SIDE) * (SIDE + 1) + (bit % SIDE);
    if (grid[left + 1]! > grid[left]!) words[bit >> 5]! |= 1 << (bit & 31);
  }
  return words;
}
