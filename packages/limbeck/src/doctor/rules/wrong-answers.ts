import { needsOf } from "../../schemes/needs.js";
import { percent, type Rule } from "../rule.js";

const MOST = 0.05;

export const wrongAnswers: Rule = {
  name: "wrong-answers",
  when: `The teacher contradicts more than ${100 * MOST} % of the transfer set's labels, and no term uses labels.`,
  source: "Hinton et al. 2015, section 2 (labels with a small weight beside soft targets)",
  advise: ({ teacher: { transfer }, terms, transferSet }) => {
    if (1 - transfer.accuracy <= MOST || needsOf(terms).has("labels") || transferSet.absent.length > 0)
      return undefined;
    return `The teacher contradicts the labels of ${percent(1 - transfer.accuracy)} of the transfer set, and the student never sees labels: add cross-entropy with a small weight, such as 0.1.`;
  },
};
