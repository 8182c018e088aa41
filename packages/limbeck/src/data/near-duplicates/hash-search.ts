/**
 * Calls `visit` with the place of each hash (two words of 32 bits) that differs from a given one in at most `radius` bits, in order.
 * All are looked at: hashes of like images share so many bits that an index over parts of them took longer.
 */
export function searchHashes(
  hashes: Int32Array,
  [low, high]: readonly [number, number],
  radius: number,
  visit: (position: number) => void,
): void {
  for (let i = 0; i < hashes.length; i += 2) {
    const first = countBits(low ^ hashes[i]!);
    if (first > radius) continue;
    const distance = first + countBits(high ^ hashes[i + 1]!);
    if (distance <= radius) visit(i / 2);
  }
}

/** How many bits of a word are set. */
function countBits(word: number): number {
  const pairs = word - ((word >>> 1) & 0x55555555);
  const nibbles = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333);
  return Math.imul((nibbles + (nibbles >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
