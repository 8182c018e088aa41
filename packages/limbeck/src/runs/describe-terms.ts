import { ANSWER } from "../losses/answer-tap.js";
import type { DistillTerm } from "../recipe/schema.js";

/** Terms in words: `kd (temperature 4)`. */
export function describeTerms(terms: readonly DistillTerm[]): string[] {
  return terms.map(({ loss, weight, ...options }) => describeTerm(String(loss), Number(weight), options));
}

function describeTerm(loss: string, weight: number, options: object): string {
  const told = Object.entries(options).filter(([, value]) => value !== ANSWER);
  const parts = told.map(([name, value]) => `${name} ${describeOption(value)}`);
  if (weight !== 1) parts.unshift(`weight ${weight}`);
  return parts.length > 0 ? `${loss} (${parts.join(", ")})` : loss;
}

/** Options are numbers, words, lists of them, or objects that a `kind` tells apart. */
function describeOption(value: unknown): string {
  if (Array.isArray(value)) return value.join(", ");
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value)
    .map(([name, inner]) => (name === "kind" ? String(inner) : `${name} ${inner}`))
    .join(" ");
}
