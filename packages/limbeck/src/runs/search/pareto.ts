/** What speaks for a student: more quality, fewer bytes, less time. */
export interface Merit {
  readonly quality: number;
  readonly bytes: number;
  readonly latencyMs: number;
}

/** Times that differ by a smaller share are the same: measuring again may turn them around. */
const SAME_TIME = 0.1;

/** Whether one is at least as good in everything, and better in something. */
function dominates(one: Merit, other: Merit): boolean {
  const gains = [one.quality - other.quality, other.bytes - one.bytes, timeGained(one, other)];
  return gains.every((gain) => gain >= 0) && gains.some((gain) => gain > 0);
}

function timeGained(one: Merit, other: Merit): number {
  const gain = other.latencyMs - one.latencyMs;
  return Math.abs(gain) < SAME_TIME * Math.max(one.latencyMs, other.latencyMs) ? 0 : gain;
}

/** Those that no other one dominates: the Pareto front. */
export function paretoFront<Candidate extends Merit>(candidates: readonly Candidate[]): Candidate[] {
  return candidates.filter((candidate) => !candidates.some((other) => dominates(other, candidate)));
}

/**
 * Candidates in the order in which they are worth keeping: the front, then the front of the rest, and so on; within a front by
 * quality, and by size where that is equal.
 */
export function byMerit<Candidate extends Merit>(candidates: readonly Candidate[]): Candidate[] {
  const sorted: Candidate[] = [];
  let rest = [...candidates];
  while (rest.length > 0) {
    const front = paretoFront(rest);
    sorted.push(...front.sort((a, b) => b.quality - a.quality || a.bytes - b.bytes));
    rest = rest.filter((candidate) => !front.includes(candidate));
  }
  return sorted;
}
