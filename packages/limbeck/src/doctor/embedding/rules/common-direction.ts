import type { Rule } from "../../rule.js";
import type { EmbeddingFindings } from "../facts.js";

const MOST = 0.5;
/** Terms that look at which samples are like which, or at distances. */
const OTHERS = ["sp", "pkt", "cc", "rkd-distance", "rkd-angle", "fitnets"];

export const commonDirection: Rule<EmbeddingFindings> = {
  name: "common-direction",
  when: `The teacher's held-out embeddings have a cosine of more than ${MOST} to their mean, and no term looks at distances or relations.`,
  source: "Ethayarajh 2019, How Contextual are Contextualized Word Representations? (anisotropy)",
  advise: ({ teacher, terms }) => {
    const { toMean } = teacher.heldOut;
    if (toMean <= MOST || terms.some(({ loss }) => OTHERS.includes(String(loss)))) return undefined;
    return `The teacher's embeddings share a direction: always answering with their mean has a cosine of ${toMean.toFixed(3)} to them, and tells no sample from another. Add a term that sees what is left: { loss: fitnets, regressor: none } with a small weight, or pkt or rkd-distance.`;
  },
};
