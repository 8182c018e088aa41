import { randomStream } from "@limbeck/graph";

/**
 * Draws as many rows as there are, with replacement, again and again (Efron 1979). Models that are judged by the same
 * draws are compared pair by pair.
 * @param rows how many rows there are
 * @param visit gets each draw; its array is filled anew afterwards
 */
export async function bootstrap(
  rows: number,
  resamples: number,
  seed: number,
  visit: (drawn: Uint32Array, resample: number) => void | Promise<void>,
): Promise<void> {
  const drawn = new Uint32Array(rows);
  for (let resample = 0; resample < resamples; resample++) {
    const random = randomStream(seed, "bootstrap", resample);
    for (let i = 0; i < rows; i++) drawn[i] = random.below(rows);
    await visit(drawn, resample);
  }
}
