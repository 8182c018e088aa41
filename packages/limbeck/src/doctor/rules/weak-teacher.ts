import { percent, type Rule } from "../rule.js";

/** Share of the way from guessing to perfection. */
const LEAST = 0.2;

export const weakTeacher: Rule = {
  name: "weak-teacher",
  when: "The teacher is less than a fifth of the way from guessing to perfection, or no better than the baseline.",
  source: "Cho & Hariharan 2019, On the Efficacy of Knowledge Distillation",
  advise: ({ classes, teacher, baselineAccuracy }) => {
    const { accuracy } = teacher.heldOut;
    if (accuracy < 1 / classes + LEAST * (1 - 1 / classes)) {
      return `The teacher is right on ${percent(accuracy)} of held-out images, and guessing on ${percent(1 / classes)}: train it longer, or check its classes and preprocessing.`;
    }
    if (baselineAccuracy === null || accuracy > baselineAccuracy) return undefined;
    return `The student is right on ${percent(baselineAccuracy)} of held-out images without a teacher, and the teacher on ${percent(accuracy)}: it has little to teach. Train it longer or on more images, or take a larger one.`;
  },
};
