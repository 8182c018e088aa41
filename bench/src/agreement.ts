import { CHECKED_STEPS } from "./row.js";

/** Largest relative difference between two contenders' losses. */
export const TOLERANCE = 1e-3;

/**
 * Makes sure that a contender computes what we compute.
 * @throws Error that names the contender and both rows of losses
 */
export function assertAgreement(name: string, losses: readonly number[], ours: readonly number[]): void {
  const agrees = losses.length === CHECKED_STEPS && ours.length === CHECKED_STEPS && losses.every(isClose);
  if (agrees) return;
  throw new Error(
    `${name} does not compute what we compute: its first losses are ${list(losses)}, ours are ${list(ours)} ` +
      `(they may differ by ${TOLERANCE}, relative). No figures.`,
  );

  function isClose(loss: number, step: number): boolean {
    return Math.abs(loss - ours[step]!) <= TOLERANCE * Math.abs(ours[step]!);
  }
}

function list(losses: readonly number[]): string {
  return losses.map((loss) => loss.toPrecision(6)).join(", ") || "none";
}
