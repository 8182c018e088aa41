import { closest, distance } from "fastest-levenshtein";

/** The nearest word if it could be meant: at most a third of its letters differ, or two. */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0 || word === "") return undefined;
  const nearest = closest(word.toLowerCase(), [...known]);
  const near = distance(word.toLowerCase(), nearest.toLowerCase()) <= Math.max(2, Math.ceil(nearest.length / 3));
  return near ? nearest : undefined;
}
