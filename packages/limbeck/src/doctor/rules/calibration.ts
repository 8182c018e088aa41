import { percent, type Rule } from "../rule.js";

const MOST = 0.05;

export const calibration: Rule = {
  name: "calibration",
  when: `The expected calibration error on held-out images is above ${100 * MOST} points.`,
  source: "Guo et al. 2017, On Calibration of Modern Neural Networks",
  advise: ({ teacher: { heldOut } }) => {
    const { ece, confidence, accuracy } = heldOut;
    if (ece <= MOST) return undefined;
    const figures = `is ${percent(confidence)} sure on average and right on ${percent(accuracy)}`;
    return confidence > accuracy
      ? `The teacher ${figures} (ECE ${percent(ece)}): students at temperature 1 learn its overconfidence. Raise the temperature, or add cross-entropy with a small weight.`
      : `The teacher ${figures} (ECE ${percent(ece)}): students learn its caution as well. A low temperature, or cross-entropy beside, makes them surer.`;
  },
};
