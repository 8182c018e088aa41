import type { Findings } from "../facts.js";
import { percent, type Rule } from "../rule.js";

export const sharedSamples: Rule<Pick<Findings, "duplicates">> = {
  name: "shared-samples",
  when: "Held-out samples are, value by value, among those that the teacher may learn from.",
  source: "Barz & Denzler 2020, Do We Train on Test Data? Purging CIFAR of Near-Duplicates",
  advise: ({ duplicates: { tested, equal } }) => {
    if (equal === 0) return undefined;
    const count = `${equal.toLocaleString("en-US")} of ${tested.toLocaleString("en-US")} held-out samples (${percent(equal / tested)})`;
    return `${count} equal samples of the training part: on them all networks look better than they are. Remove them from one of the two.`;
  },
};
