import { closest, distance } from "fastest-levenshtein";

/** The nearest word if it could be meant: at most a third of its letters differ, or two. */
export function nearestWord(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0 || word === "") return undefined;
  const nearest = closest(word.toLowerCase(), [...known]);
  const near = distance(word.toLowerCase(), nearest.toLowerCase()) <= Math.max(2, Math.ceil(nearest.length / 3));
  return near ? nearest : undefined;
}

/** The end of a sentence about an unknown word: what may have been meant, if something may. */
export function suggestion(word: string, known: readonly string[]): string {
  const nearest = nearestWord(word, known);
  return nearest === undefined ? "" : `; did you mean "${nearest}"?`;
}

/** The first names of a list, with a sign that there are more. */
export function firstNames(names: readonly string[], most: number): string {
  return `${names.slice(0, most).join(", ")}${names.length > most ? ", …" : ""}`;
}
