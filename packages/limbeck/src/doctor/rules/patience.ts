import { batchesPerEpoch } from "../../data/batches.js";
import { mean } from "../../evaluate/statistics.js";
import type { Findings } from "../facts.js";
import { percent, type Rule } from "../rule.js";

/** Steps below which distillation loses to labels on the digits recipe. */
const FEWEST_STEPS = 1500;
/** The last part of training, and how much of the errors it still removes if training is too short. */
const LAST = 0.25;
const STILL_FALLING = 0.05;

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

/** Means of thirds of the last part are compared, because single epochs are noisy. */
function stillLearning({ trained, train }: Findings): string | undefined {
  const last = (trained?.curve ?? [])
    .filter(({ epoch }) => epoch > (1 - LAST) * train.epochs)
    .map(({ errors }) => errors);
  const third = Math.floor(last.length / 3);
  if (third < 1) return undefined;
  const [before, after] = [mean(last.slice(0, third)), mean(last.slice(-third))];
  if (before === 0 || (before - after) / before <= STILL_FALLING) return undefined;
  return `The student was still learning when training ended: held-out errors fell by ${percent((before - after) / before)} over the last quarter of ${train.epochs} epochs. Train longer.`;
}
