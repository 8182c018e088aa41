import { percent, type Rule } from "../rule.js";

/** Losses whose temperature divides the logits as they are. */
const PLAIN = new Set(["kd", "dkd", "nkd", "wsld", "reverse-kl", "skew-kl", "jensen-shannon"]);

export const temperature: Rule = {
  name: "temperature",
  when: "A term on softened answers has a temperature at which they have less than 10 % or more than 75 % of the entropy that they could have.",
  source:
    "a rule of thumb of this project, after Hinton et al. 2015, section 3 (small students want intermediate temperatures)",
  advise: ({ terms, teacher }) => {
    const { lowest, suggested, highest } = teacher.temperature;
    const found = terms.find(({ loss, temperature }) => {
      return PLAIN.has(String(loss)) && (Number(temperature) < lowest || Number(temperature) > highest);
    });
    if (!found) return undefined;
    const isLow = Number(found.temperature) < lowest;
    const effect = isLow ? "are nearly labels" : "hold nearly all classes for equally likely";
    const bound = isLow ? `below ${percent(0.1)}` : `above ${percent(0.75)}`;
    return `At temperature ${found.temperature}, which ${found.loss} has, the teacher's answers ${effect} (entropy ${bound} of the most possible). Between are temperatures of ${lowest} to ${highest}; try ${suggested}.`;
  },
};
