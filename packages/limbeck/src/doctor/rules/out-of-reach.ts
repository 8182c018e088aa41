import { weightRatio } from "../facts.js";
import { percent, type Rule, times } from "../rule.js";

const AGREEMENT = 0.9;
const LARGER = 5;

export const outOfReach: Rule = {
  name: "out-of-reach",
  when: `The trained student agrees with the teacher on less than ${100 * AGREEMENT} % of the transfer set, and has less than a fifth of its weights.`,
  source: "Mirzadeh et al. 2020, Improved Knowledge Distillation via Teacher Assistant; Stanton et al. 2021",
  advise: (findings) => {
    const { trained } = findings;
    const ratio = weightRatio(findings);
    if (!trained || ratio < LARGER || trained.agreement.transfer >= AGREEMENT) return undefined;
    return `Even on its own transfer set the student agrees with the teacher on ${percent(trained.agreement.transfer)} only, with 1/${times(ratio)} of its weights. If more epochs do not help: a larger student, a smaller or earlier-stopped teacher, an assistant in between, or dist.`;
  },
};
