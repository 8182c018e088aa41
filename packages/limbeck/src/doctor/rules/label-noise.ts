import type { LabelCheck } from "../../evaluate/data-quality.js";
import { percent, type Rule } from "../rule.js";

const MOST = 0.01;

export const labelNoise: Rule = {
  name: "label-noise",
  when: `A teacher that did not learn from them contradicts more than ${100 * MOST} % of the labels of the transfer set, or of the held-out samples, with confidence.`,
  source: "Northcutt, Jiang & Chuang 2021, Confident Learning: Estimating Uncertainty in Dataset Labels",
  advise: ({ labels: { train, test } }) => {
    const parts = [saidOf(train, "the transfer set"), saidOf(test, "held-out samples")].filter((part) => part !== "");
    if (parts.length === 0) return undefined;
    return `The teacher confidently contradicts ${parts.join(" and ")}: wrong labels, or classes that it confuses. Look at the samples that --json and the report name before you trust the figures.`;
  },
};

function saidOf({ asked, doubted }: LabelCheck, part: string): string {
  if (doubted <= MOST * asked) return "";
  return `${doubted.toLocaleString("en-US")} of ${asked.toLocaleString("en-US")} labels (${percent(doubted / asked)}) of ${part}`;
}
