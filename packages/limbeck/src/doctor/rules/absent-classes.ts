import { needsOf } from "../../schemes/needs.js";
import type { Rule } from "../rule.js";

export const absentClasses: Rule = {
  name: "absent-classes",
  when: "The transfer set lacks classes, and a term uses labels or no variant corrects the biases.",
  source: "Hinton et al. 2015, section 3",
  advise: ({ transferSet: { absent }, terms, correctsBiases }) => {
    if (absent.length === 0) return undefined;
    const which = `The transfer set has no image of ${absent.slice(0, 5).join(", ")}${absent.length > 5 ? ` and ${absent.length - 5} more` : ""}`;
    if (needsOf(terms).has("labels")) {
      return `${which}, and labels would teach that such images never occur: learn from the teacher's answers alone.`;
    }
    if (correctsBiases) return undefined;
    return `${which}: the student will choose it too rarely. Compare a variant with \`correctBiases: true\`.`;
  },
};
