import { percent, type Rule } from "../rule.js";

const MOST = 0.05;

export const overfitting: Rule = {
  name: "overfitting",
  when: `The student agrees with the teacher by ${100 * MOST} points more on the transfer set than on held-out images.`,
  source: "Stanton et al. 2021, Does Knowledge Distillation Really Work?; Beyer et al. 2022",
  advise: ({ trained, transferSet }) => {
    if (!trained) return undefined;
    const { transfer, heldOut } = trained.agreement;
    if (transfer - heldOut < MOST) return undefined;
    return `The student agrees with the teacher on ${percent(transfer)} of its transfer set and on ${percent(heldOut)} of held-out images: it has learned ${transferSet.samples.toLocaleString("en-US")} answers rather than the teacher. More images help most, unlabelled ones too; then augmentation or mixup, with which the teacher is asked live.`;
  },
};
