import type { Findings } from "../facts.js";
import { percent, type Rule } from "../rule.js";

const MOST = 0.01;

export const nearDuplicates: Rule<Pick<Findings, "duplicates">> = {
  name: "near-duplicates",
  when: `More than ${100 * MOST} % of the held-out images are nearly images that the teacher may learn from: scaled, compressed, blurred, or of another brightness.`,
  source: "Barz & Denzler 2020, Do We Train on Test Data? Purging CIFAR of Near-Duplicates",
  advise: ({ duplicates: { tested, near } }) => {
    if (near === null || near <= MOST * tested) return undefined;
    const count = `${near.toLocaleString("en-US")} of ${tested.toLocaleString("en-US")} held-out images (${percent(near / tested)})`;
    return `${count} nearly equal images of the training part. The report shows the pairs: where they are the same picture, all networks look better than they are, and one of the two should go.`;
  },
};
