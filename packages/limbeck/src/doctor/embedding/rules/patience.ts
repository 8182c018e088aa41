import { percent, type Rule } from "../../rule.js";
import { LAST, lastFall, STILL_FALLING } from "../../still-learning.js";
import type { EmbeddingFindings } from "../facts.js";

export const patienceEmbedding: Rule<EmbeddingFindings> = {
  name: "patience",
  when: `After training: what the held-out cosine lacks of 1 fell by more than ${100 * STILL_FALLING} % over the last quarter.`,
  source: "Beyer et al. 2022, Knowledge Distillation: A Good Teacher Is Patient and Consistent",
  advise: ({ trained, train }) => {
    const curve = (trained?.curve ?? []).map(({ epoch, cosine }) => ({ epoch, value: 1 - cosine }));
    const fall = lastFall(curve, train.epochs);
    if (fall === undefined) return undefined;
    return `The student was still learning when training ended: what its held-out cosine lacks of 1 fell by ${percent(fall)} over the last ${percent(LAST)} of ${train.epochs} epochs. Train longer.`;
  },
};
