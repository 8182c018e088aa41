import { softmaxRow } from "./metrics.js";
import type { ExitRow } from "./results.js";
import { spread } from "./statistics.js";

/** What exits answer and cost. */
export interface ExitFacts {
  /** Logits [samples, classes] by exit, the deepest last, and in each by seed. */
  readonly logits: readonly (readonly Float32Array[])[];
  readonly labels: Uint8Array;
  readonly classes: number;
  /** Multiply-accumulate pairs up to each exit, with all heads that were asked on the way. */
  readonly macs: readonly number[];
  /** Those of the network without exits. */
  readonly whole: number;
}

/** What becomes of the samples when each leaves at the first exit whose top class has this probability, or at the end. */
export function exitRow(facts: ExitFacts, threshold: number): ExitRow {
  const { logits, labels, macs, whole } = facts;
  const seeds = logits[0]!.map((_, seed) => leave(facts, seed, threshold));
  const samples = labels.length;
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  return {
    threshold,
    accuracy: spread(seeds.map(({ right }) => right / samples)),
    macsShare: spread(
      seeds.map(({ counts }) => counts.reduce((sum, count, exit) => sum + count * macs[exit]!, 0) / samples / whole),
    ),
    leaving: macs.map((_, exit) => mean(seeds.map(({ counts }) => counts[exit]! / samples))),
  };
}

function leave({ logits, labels, classes }: ExitFacts, seed: number, threshold: number) {
  const counts = logits.map(() => 0);
  let right = 0;
  labels.forEach((label, row) => {
    const answers = logits.map((exit) => softmaxRow(exit[seed]!, row, classes));
    const sure = answers.findIndex((p) => Math.max(...p) >= threshold);
    const exit = sure < 0 ? answers.length - 1 : sure;
    counts[exit]! += 1;
    const probabilities = [...answers[exit]!];
    if (probabilities.indexOf(Math.max(...probabilities)) === label) right++;
  });
  return { counts, right };
}
