import { matchingNames } from "@limbeck/graph";
import { nearestWord } from "../support/nearest.js";
import { unfit } from "./problem.js";

/** How trainings call what is no student's. */
const RESERVED = /^(loss|peer\d+)\//;

/**
 * Which of a file's weights are trained.
 * @param patterns names or patterns; those of a new head may be among them
 * @param weights names of all that can be
 * @param head names of a new head's, which always are
 * @throws LimbeckError MODEL_MISMATCH for a pattern that fits nothing
 */
export function trainedOf(patterns: readonly string[], weights: readonly string[], head: readonly string[]): string[] {
  const all = [...weights, ...head];
  for (const pattern of patterns) {
    if (matchingNames(all, pattern).length > 0) continue;
    const nearest = nearestWord(pattern, [...all, ...groupsOf(all)]);
    const meant = nearest === undefined ? `it has ${all.slice(0, 6).join(", ")}, …` : `did you mean "${nearest}"?`;
    const fix = "`limbeck inspect FILE --trainable '*'` lists the file's weights; those of the new head are head.*.";
    throw unfit("trainable", `no weight fits "${pattern}"; ${meant}`, pattern, fix);
  }
  const trained = matchingNames(weights, patterns);
  const reserved = trained.find((name) => RESERVED.test(name));
  if (reserved === undefined) return trained;
  throw unfit(
    "trainable",
    `${reserved} is called as what a training keeps beside a network`,
    reserved,
    "Rename it in the file, or leave it out.",
  );
}

/** Patterns for weights whose names begin alike: `layer1.*`. */
function groupsOf(names: readonly string[]): string[] {
  const groups = names.flatMap((name) => {
    const ends = [...name.matchAll(/[./]/g)].map(({ index }) => index + 1);
    return ends.map((end) => `${name.slice(0, end)}*`);
  });
  return [...new Set(groups)];
}
