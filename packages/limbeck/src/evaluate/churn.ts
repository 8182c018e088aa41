import type { Answers } from "./answers.js";
import type { Churn, JudgedSample } from "./evaluation.js";

/** Samples that are kept of each list. */
const KEPT = 24;

/** What samples are, by their rows in the answers. */
export interface Asked {
  readonly labels: ArrayLike<number>;
  readonly classes: readonly string[];
  /** Position of each in the data set. */
  readonly indices: ArrayLike<number>;
}

/** What became of the reference's knowledge, in all and by class. */
export function churn(model: Answers, reference: Answers, asked: Asked): Churn {
  const { labels, classes } = asked;
  const counts = classes.map((name) => ({ name, samples: 0, forgotten: 0, learned: 0 }));
  const forgotten: number[] = [];
  let wrongOtherwise = 0;
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row]!;
    const [own, theirs] = [model.tops[row]!, reference.tops[row]!];
    const count = counts[label]!;
    count.samples++;
    if (own !== label && theirs === label) {
      count.forgotten++;
      forgotten.push(row);
    } else if (own === label && theirs !== label) count.learned++;
    else if (own !== label && own !== theirs) wrongOtherwise++;
  }
  return {
    forgotten: forgotten.length,
    learned: counts.reduce((sum, { learned }) => sum + learned, 0),
    wrongOtherwise,
    classes: counts,
    worst: mostConfident(forgotten, model, reference, asked),
  };
}

/** Wrong answers, the most confident first. */
export function confidentMistakes(model: Answers, reference: Answers, asked: Asked): JudgedSample[] {
  const wrong = Array.from({ length: asked.labels.length }, (_, row) => row).filter((row) => {
    return model.tops[row] !== asked.labels[row];
  });
  return mostConfident(wrong, model, reference, asked);
}

function mostConfident(rows: readonly number[], model: Answers, reference: Answers, asked: Asked): JudgedSample[] {
  return [...rows]
    .sort((a, b) => model.confidence[b]! - model.confidence[a]! || a - b)
    .slice(0, KEPT)
    .map((row) => ({
      index: asked.indices[row]!,
      label: asked.labels[row]!,
      predicted: model.tops[row]!,
      confidence: model.confidence[row]!,
      reference: { predicted: reference.tops[row]!, confidence: reference.confidence[row]! },
    }));
}
