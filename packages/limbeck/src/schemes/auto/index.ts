import { AUTO, type DistillTerm, parseTerms } from "../../recipe/schema.js";
import { chooseAnswers } from "./answers.js";
import { chooseInside } from "./inside.js";
import { type PairOptions, pairOf } from "./pair.js";

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

/** Chooses terms by rules that look at shapes and counts alone: the same pair always gets the same terms. */
export function chooseTerms(options: PairOptions): ChosenTerms {
  const pair = pairOf(options);
  const choices = [chooseAnswers(pair), ...chooseInside(pair)];
  return { terms: parseTerms(choices.flatMap(({ terms }) => terms)), reasons: choices.map(({ reason }) => reason) };
}
