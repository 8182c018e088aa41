import type { WindowOptions } from "./options.js";

/** Where windows lie in a table: each ends at a row, and all of its rows are of one group and follow on each other. */
export interface Windows {
  /** [windows], rows at which they end. */
  readonly ends: Uint32Array;
  /** [windows], numbers of their groups, from 0. */
  readonly groups: Uint32Array;
  /** [windows], how many rows of the group follow after the last. */
  readonly left: Uint32Array;
}

/** Cuts runs of rows with equal `groups` into windows, the last of which ends where the run does. */
export function cutWindows<Group>(groups: readonly Group[], { length, step }: WindowOptions): Windows {
  const windows: { end: number; group: number; left: number }[] = [];
  const known = new Map<Group, number>();
  for (let first = 0; first < groups.length; ) {
    let next = first;
    while (next < groups.length && groups[next] === groups[first]) next++;
    const group = known.get(groups[first]!) ?? known.size;
    known.set(groups[first]!, group);
    const count = Math.max(0, Math.floor((next - first - length) / step) + 1);
    for (let i = count - 1; i >= 0; i--) windows.push({ end: next - 1 - i * step, group, left: i * step });
    first = next;
  }
  return {
    ends: Uint32Array.from(windows, ({ end }) => end),
    groups: Uint32Array.from(windows, ({ group }) => group),
    left: Uint32Array.from(windows, ({ left }) => left),
  };
}

/** Rows of numbers [rows, columns] as windows [windows, columns, length]. */
export function windowValues(rows: Float32Array, columns: number, { ends }: Windows, length: number): Float32Array {
  const values = new Float32Array(ends.length * columns * length);
  ends.forEach((end, w) => {
    for (let t = 0; t < length; t++) {
      const row = (end - length + 1 + t) * columns;
      for (let c = 0; c < columns; c++) values[(w * columns + c) * length + t] = rows[row + c]!;
    }
  });
  return values;
}

/** Classes of how much is left, by rising bounds: "at most 30", "31 to 125", "more than 125". */
export function remainingClasses(bounds: readonly number[]): string[] {
  const between = bounds.slice(1).map((bound, i) => `${bounds[i]! + 1} to ${bound}`);
  return [`at most ${bounds[0]}`, ...between, `more than ${bounds.at(-1)}`];
}

export function remainingLabels(left: Uint32Array, bounds: readonly number[]): Uint8Array {
  return Uint8Array.from(left, (rows) => bounds.filter((bound) => rows > bound).length);
}
