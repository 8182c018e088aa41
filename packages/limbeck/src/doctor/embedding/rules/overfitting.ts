import type { Rule } from "../../rule.js";
import type { EmbeddingFindings } from "../facts.js";

const MOST = 0.05;

export const overfittingEmbedding: Rule<EmbeddingFindings> = {
  name: "overfitting",
  when: `The student's cosine to the teacher is ${MOST} higher on the transfer set than on held-out samples.`,
  source: "Beyer et al. 2022, Knowledge Distillation: A Good Teacher Is Patient and Consistent",
  advise: ({ trained, transferSet }) => {
    if (!trained?.cosine) return undefined;
    const { transfer, heldOut } = trained.cosine;
    if (transfer - heldOut < MOST) return undefined;
    return `The student's cosine to the teacher is ${transfer.toFixed(3)} on its transfer set and ${heldOut.toFixed(3)} on held-out samples: it has learned ${transferSet.samples.toLocaleString("en-US")} answers rather than the teacher. More samples help most, and need no labels; then augmentation, with which the teacher is asked live.`;
  },
};
