import { percent, type Rule } from "../rule.js";

const LEAST = 0.02;

export const hardAnswers: Rule = {
  name: "hard-answers",
  when: `At temperature 1, answers to the transfer set have less than ${100 * LEAST} % of the entropy that they could have.`,
  source: "Hinton et al. 2015, Distilling the Knowledge in a Neural Network, section 2",
  advise: ({ teacher: { transfer, temperature } }) => {
    const { relativeEntropy } = transfer;
    if (relativeEntropy >= LEAST) return undefined;
    return `The teacher's answers to the transfer set are nearly labels (entropy ${percent(relativeEntropy)} of the most possible): below temperature ${temperature.lowest} there is little to learn from them. Use a temperature about ${temperature.suggested}, or logit-standardization.`;
  },
};
