import { hasLoss, type Rule, times } from "../rule.js";

const RATIO = 2;

export const logitScale: Rule = {
  name: "logit-scale",
  when: `The teacher's logits are spread more than ${RATIO} times as widely as the trained student's, or less than half as widely, and the terms match them as they are.`,
  source: "Sun et al. 2024, Logit Standardization in Knowledge Distillation",
  advise: (findings) => {
    const { trained, teacher } = findings;
    if (!trained || !hasLoss(findings, "kd", "dkd", "logit-mse")) return undefined;
    const ratio = teacher.heldOut.logitSpread / trained.logitSpread;
    if (ratio <= RATIO && ratio >= 1 / RATIO) return undefined;
    const figures = `${teacher.heldOut.logitSpread.toFixed(2)} against ${trained.logitSpread.toFixed(2)}`;
    return `Teacher and student differ in the scale of their logits (spread ${figures}, ${times(ratio)} times): logit-standardization lets the student have its own.`;
  },
};
