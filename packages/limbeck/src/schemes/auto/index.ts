import { mixesImages } from "../../data/mix/index.js";
import { lossNamed } from "../../losses/index.js";
import { mixesSamples } from "../../losses/loss.js";
import { AUTO } from "../../recipe/auto.js";
import { type DistillTerm, parseTerms } from "../../recipe/schema.js";
import { chooseAnswers } from "./answers.js";
import type { Choice } from "./choice.js";
import { chooseInside } from "./inside.js";
import { type PairOptions, pairOf } from "./pair.js";
import { chooseSpecialists } from "./specialists.js";

/** Terms that suit a pair of networks, and why. */
export interface ChosenTerms {
  readonly terms: readonly DistillTerm[];
  /** One sentence or two for each choice. */
  readonly reasons: readonly string[];
}

/** Whether terms are to be chosen. */
export function isAuto(terms: readonly DistillTerm[]): boolean {
  return terms[0]?.loss === AUTO;
}

/**
 * Chooses terms by rules that look at shapes and counts alone: the same pair always gets the same terms. Those that are
 * undefined for mixed images are left out where images are mixed.
 */
export function chooseTerms(options: PairOptions): ChosenTerms {
  const pair = pairOf(options);
  const isMixed = mixesImages(options.train.augment);
  const fits = ({ terms }: Choice) =>
    !isMixed || parseTerms(terms).every(({ loss }) => mixesSamples(lossNamed(String(loss))));
  const chosen = options.hasSpecialists ? [chooseSpecialists()] : [chooseAnswers(pair), ...chooseInside(pair)];
  const choices = chosen.filter(fits);
  return { terms: parseTerms(choices.flatMap(({ terms }) => terms)), reasons: choices.map(({ reason }) => reason) };
}
