import type { Rule } from "../../rule.js";
import type { EmbeddingFindings } from "../facts.js";

const MARGIN = 0.02;

export const noBetterThanMean: Rule<EmbeddingFindings> = {
  name: "no-better-than-mean",
  when: `The trained student's held-out cosine is no more than ${MARGIN} above what the teacher's mean has, or it finds no more neighbors than 1.5 times those that guessing finds.`,
  source:
    "Jing et al. 2022, Understanding Dimensional Collapse in Contrastive Self-supervised Learning; the controls of docs/embeddings.md",
  advise: ({ trained, teacher, chance10 }) => {
    if (!trained) return undefined;
    const { cosine, recall10 } = trained;
    const { toMean } = teacher.heldOut;
    const isMean = cosine !== null && cosine.heldOut <= toMean + MARGIN;
    const isLost = recall10 === null || recall10.heldOut <= 1.5 * chance10.heldOut;
    if (!isMean && !isLost) return undefined;
    const figures = isMean
      ? `a cosine of ${cosine.heldOut.toFixed(3)} to the teacher's, and always answering with the mean has ${toMean.toFixed(3)}`
      : "hardly more of the teacher's neighbors than guessing would find";
    return `The student has learned little more than the mean: on held-out samples it has ${figures}. Train much longer and on more samples, or with a larger learning rate; then try a larger student.`;
  },
};
