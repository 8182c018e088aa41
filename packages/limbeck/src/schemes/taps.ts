import { matchingNames, type Tensor } from "@limbeck/graph";
import { distance } from "fastest-levenshtein";
import { ANSWER } from "../losses/answer-tap.js";
import type { ForwardResult } from "../models/model.js";
import { LimbeckError } from "../support/errors.js";

type Side = "student" | "teacher";

/** As many names as a message can bear. */
const MOST_NAMES = 8;

/** What of a network's pass can be tapped. */
export type Tappable = Pick<ForwardResult, "logits" | "taps">;

/**
 * The value that a tap names, in full or by a pattern that one value fits: `*` stands for any characters.
 * @throws LimbeckError TAP_UNKNOWN
 */
export function tapped(term: string, side: Side, tap: string, { logits, taps }: Tappable): Tensor {
  if (tap === ANSWER) return logits;
  if (Object.hasOwn(taps, tap)) return taps[tap]!;
  const names = Object.keys(taps);
  const found = /[*?]/.test(tap) ? matchingNames(names, tap) : [];
  if (found.length === 1) return taps[found[0]!]!;
  const message =
    found.length > 1
      ? `"${tap}" fits ${found.length} values of the ${side}: ${shortened(found)}`
      : `the ${side} has no tap "${tap}"`;
  const fix = found.length > 1 ? "Name one of them." : `Use one of ${shortened(nearest(tap, names))}.`;
  throw new LimbeckError("TAP_UNKNOWN", message, {
    where: `distill: ${term}: ${side}`,
    value: tap,
    fix: names.length > MOST_NAMES ? `${fix} \`limbeck inspect FILE --taps '*'\` lists all values of a file.` : fix,
  });
}

function shortened(names: readonly string[]): string {
  return names.length > MOST_NAMES ? `${names.slice(0, MOST_NAMES).join(", ")}, …` : names.join(", ");
}

/** All names, or the nearest ones where there are many. */
function nearest(tap: string, names: readonly string[]): readonly string[] {
  if (names.length <= MOST_NAMES) return names;
  const bare = tap.replaceAll(/[*?]/g, "").toLowerCase();
  const far = (name: string) =>
    name.toLowerCase().includes(bare) ? 0 : distance(bare, name.toLowerCase()) / Math.max(bare.length, name.length);
  return [...names].sort((a, b) => far(a) - far(b)).slice(0, MOST_NAMES);
}
