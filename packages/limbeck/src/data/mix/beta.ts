import type { RandomStream } from "@limbeck/graph";

/** A number from Beta(alpha, alpha); no allocation. */
export function drawBeta(alpha: number, random: RandomStream): number {
  if (alpha === 1) return random.uniform();
  const first = logGamma(alpha, random);
  return 1 / (1 + Math.exp(logGamma(alpha, random) - first));
}

/**
 * The logarithm of a number from the gamma distribution of this shape (Marsaglia & Tsang 2000); a logarithm, because for
 * small shapes the number itself is often too small for a float.
 */
function logGamma(shape: number, random: RandomStream): number {
  if (shape < 1) return logGamma(shape + 1, random) + Math.log(positive(random)) / shape;
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(random);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(positive(random)) < x ** 2 / 2 + d * (1 - v + Math.log(v))) return Math.log(d * v);
  }
}

/** Standard normal (Box & Muller). */
function normal(random: RandomStream): number {
  return Math.sqrt(-2 * Math.log(positive(random))) * Math.cos(2 * Math.PI * random.uniform());
}

/** Uniform in (0, 1]: it has a logarithm. */
function positive(random: RandomStream): number {
  return 1 - random.uniform();
}
