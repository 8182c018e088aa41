/**
 * Deals the members of classes out to parts, so that every part has exactly its size and every class's share of a part
 * is the proportional one, `size · available / total`, rounded down or up. Within a part the largest remainders are
 * rounded up first; where that would use up a class, an earlier choice is changed (a bipartite matching by augmenting
 * paths), so that the parts never run out of members.
 * @param sizes the parts' sizes; together at most the sum of `available`.
 * @param available each class's number of members.
 * @returns `[part][class]`, how many members each part gets.
 */
export function apportion(sizes: readonly number[], available: readonly number[]): number[][] {
  const total = sum(available);
  if (total === 0) return sizes.map(() => available.map(() => 0));
  const remainders = sizes.map((size) => available.map((count) => (size * count) % total));
  const floors = sizes.map((size, p) => available.map((count, c) => (size * count - remainders[p]![c]!) / total));
  const free = available.map((count, c) => count - sum(floors.map((row) => row[c]!)));
  const extras = roundUp(
    floors.map((row, p) => sizes[p]! - sum(row)),
    remainders.map(byRemainder),
    free,
  );
  return floors.map((row, p) => row.map((share, c) => share + (extras[p]!.has(c) ? 1 : 0)));
}

/** The classes that leave a remainder, largest first. */
function byRemainder(remainders: readonly number[]): number[] {
  const classes = remainders.map((_, c) => c).filter((c) => remainders[c]! > 0);
  return classes.sort((a, b) => remainders[b]! - remainders[a]! || a - b);
}

/** Chooses for each part which of its classes are rounded up. @returns one set of classes per part */
function roundUp(needs: readonly number[], choices: readonly number[][], free: number[]): Set<number>[] {
  const extras = needs.map(() => new Set<number>());
  const claim = (part: number, visited: Set<number>): boolean => {
    for (const c of choices[part]!) {
      if (extras[part]!.has(c) || visited.has(c)) continue;
      visited.add(c);
      if (free[c]! > 0) free[c]!--;
      else if (!release(c, visited)) continue;
      extras[part]!.add(c);
      return true;
    }
    return false;
  };
  const release = (c: number, visited: Set<number>): boolean => {
    const owner = extras.findIndex((taken, part) => taken.has(c) && claim(part, visited));
    return owner >= 0 && extras[owner]!.delete(c);
  };
  needs.forEach((need, part) => {
    for (let k = 0; k < need; k++) claim(part, new Set());
  });
  return extras;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
