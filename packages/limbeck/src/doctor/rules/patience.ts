import { batchesPerEpoch } from "../../data/batches.js";
import type { Findings } from "../facts.js";
import { percent, type Rule } from "../rule.js";
import { lastFall, STILL_FALLING } from "../still-learning.js";

/** Steps below which distillation loses to labels on the digits recipe. */
const FEWEST_STEPS = 1500;

export const patience: Rule = {
  name: "patience",
  when: `Fewer than ${FEWEST_STEPS} steps; after training also: held-out errors fell by more than ${100 * STILL_FALLING} % over the last quarter.`,
  source: "Beyer et al. 2022, A Good Teacher Is Patient and Consistent; measured in recipes/digits.md",
  advise: (findings) => fewSteps(findings) ?? stillLearning(findings),
};

function fewSteps({ train, transferSet }: Findings): string | undefined {
  const steps = train.epochs * batchesPerEpoch(transferSet.samples, train.batchSize);
  if (steps >= FEWEST_STEPS) return undefined;
  return `Training the student is ${steps.toLocaleString("en-US")} steps long: soft targets pay off late, and a student that is stopped early may do worse than with labels. Allow several times the ${train.epochs} epochs, or smaller batches.`;
}

function stillLearning({ trained, train }: Findings): string | undefined {
  const curve = (trained?.curve ?? []).map(({ epoch, errors }) => ({ epoch, value: errors }));
  const fall = lastFall(curve, train.epochs);
  if (fall === undefined) return undefined;
  return `The student was still learning when training ended: held-out errors fell by ${percent(fall)} over the last quarter of ${train.epochs} epochs. Train longer.`;
}
