import type { StepReport, TrainingState } from "@limbeck/graph";
import { LimbeckError } from "../support/errors.js";
import { isFiniteArray } from "../support/finite.js";

/** How many times its first value a loss may reach before it counts as exploded. */
const EXPLOSION = 1000;

const FIX = "Begin a new run with a lower learning rate or a warm-up. Checkpoints from before are kept.";

/** @throws LimbeckError DIVERGED naming the step and the term whose value is not finite, or that exploded */
export function guardLoss(phase: string, step: number, report: StepReport, firstLoss: number): void {
  const loss = report.loss!;
  if (Number.isFinite(loss) && loss <= EXPLOSION * (Math.abs(firstLoss) + 1)) return;
  const terms = Object.entries(report).filter(([name]) => name !== "loss");
  const worst = terms.find(([, value]) => !Number.isFinite(value)) ?? terms.sort((a, b) => b[1] - a[1])[0];
  const [name, value] = worst ?? ["loss", loss];
  const problem = Number.isFinite(value) ? `exploded to ${value} from ${firstLoss}` : `became ${value}`;
  throw new LimbeckError("DIVERGED", `the term ${name} ${problem} at step ${step} of ${phase}`, {
    where: `${phase}, step ${step}`,
    value: { term: name, value: String(value), step },
    fix: FIX,
  });
}

/** A checkpoint must never hold what cannot be trained on. @throws LimbeckError DIVERGED naming the tensor */
export function guardState(phase: string, step: number, state: TrainingState): void {
  for (const [name, values] of Object.entries(state)) {
    if (isFiniteArray(values)) continue;
    throw new LimbeckError("DIVERGED", `${name} is no longer finite after step ${step} of ${phase}`, {
      where: `${phase}, step ${step}`,
      value: { tensor: name, step },
      fix: FIX,
    });
  }
}
