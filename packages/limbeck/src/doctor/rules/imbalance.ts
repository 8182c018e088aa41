import { MOST_IMBALANCE } from "../../evaluate/data-quality.js";
import { type Rule, times } from "../rule.js";

export const imbalance: Rule = {
  name: "imbalance",
  when: `The largest class of the transfer set has ${MOST_IMBALANCE} times the samples of the smallest one that has any.`,
  source:
    "Buda, Maki & Mazurowski 2018, A Systematic Study of the Class Imbalance Problem in Convolutional Neural Networks",
  advise: ({ transferSet: { largest, smallest } }) => {
    if (largest.samples < MOST_IMBALANCE * smallest.samples) return undefined;
    const [more, fewer] = [largest, smallest].map(
      ({ name, samples }) => `${samples.toLocaleString("en-US")} of ${name}`,
    );
    return `The transfer set has ${more} and ${fewer}, ${times(largest.samples / smallest.samples)} times fewer: accuracy hides errors on rare classes. Look at errors by class, and add samples of the rare ones.`;
  },
};
