import { weightRatio } from "../facts.js";
import { hasLoss, type Rule, times } from "../rule.js";

/** As `distill: auto` has it. */
const WIDE = 20;
const HUGE = 100;

export const capacityGap: Rule = {
  name: "capacity-gap",
  when: `The teacher has ${WIDE} times the student's weights and no term is made for that (dist, logit-standardization, simkd); from ${HUGE} times on, an assistant is named as well.`,
  source: "Huang et al. 2022 (DIST); Sun et al. 2024 (logit standardization); Mirzadeh et al. 2020 (TAKD)",
  advise: (findings) => {
    const ratio = weightRatio(findings);
    if (ratio < WIDE || hasLoss(findings, "dist", "logit-standardization", "simkd")) return undefined;
    const work = times(findings.teacher.macs / findings.student.macs);
    const assistant =
      ratio >= HUGE
        ? " So wide a gap may also want one of `assistants`: a network in between that is distilled first."
        : "";
    return `The teacher has ${times(ratio)} times the student's weights and takes ${work} times its work: matching its answers may be out of reach, where ranking classes as it does is not. Compare dist (batches of 32 or more) or logit-standardization in a variant.${assistant}`;
  },
};
