import type { Answers } from "./answers.js";
import { bootstrap } from "./bootstrap.js";
import { type Asked, churn } from "./churn.js";
import { amongTop, balancedAccuracy, type ClassCounts, classF1, countClasses, macroF1 } from "./class-scores.js";
import type { ClassScores, ReferenceComparison, TaskScores } from "./evaluation.js";
import { mcnemarP, percentileEstimate, wilsonEstimate } from "./intervals.js";
import { confusionMatrix, rowKl } from "./metrics.js";
import { mean } from "./statistics.js";

/** With fewer classes, five of them say little. */
const CLASSES_FOR_TOP5 = 10;
const SIGNIFICANCE = 0.05;

/** What is known of one model from its answers alone. */
export interface Scores {
  readonly task: TaskScores;
  /** Null for the reference. */
  readonly comparison: ReferenceComparison | null;
}

export interface ScoreOptions {
  readonly reference: number;
  readonly resamples: number;
  readonly seed: number;
  /** Is called after each resample, and may wait. */
  readonly onResample: (done: number) => Promise<void>;
}

/** What resamples gave of one model. */
interface Resampled {
  readonly balancedAccuracy: number[];
  readonly macroF1: number[];
  readonly difference: number[];
  readonly kl: number[];
}

/** Scores of all models, from the same resamples. @param all each model's answers */
export async function score(all: readonly Answers[], asked: Asked, options: ScoreOptions): Promise<Scores[]> {
  const { labels, classes } = asked;
  const reference = all[options.reference]!;
  const kls = all.map((answers) =>
    answers === reference ? [] : rowKl(reference.logits, answers.logits, classes.length),
  );
  const resampled = all.map((): Resampled => ({ balancedAccuracy: [], macroF1: [], difference: [], kl: [] }));
  await bootstrap(labels.length, options.resamples, options.seed, async (drawn, done) => {
    const counts = all.map(({ tops }) => countClasses(tops, labels, classes.length, drawn));
    counts.forEach((own, m) => {
      const values = resampled[m]!;
      values.balancedAccuracy.push(balancedAccuracy(own));
      values.macroF1.push(macroF1(own));
      if (m === options.reference) return;
      values.difference.push((rightOf(own) - rightOf(counts[options.reference]!)) / labels.length);
      values.kl.push(drawn.reduce((sum, row) => sum + kls[m]![row]!, 0) / labels.length);
    });
    await options.onResample(done + 1);
  });
  return all.map((answers, m) => ({
    task: taskScores(answers, asked, resampled[m]!),
    comparison: m === options.reference ? null : compare(answers, reference, asked, kls[m]!, resampled[m]!),
  }));
}

const rightOf = ({ right }: ClassCounts) => right.reduce((a, b) => a + b, 0);

function taskScores({ logits, tops }: Answers, { labels, classes }: Asked, resampled: Resampled): TaskScores {
  const samples = labels.length;
  const counts = countClasses(
    tops,
    labels,
    classes.length,
    Uint32Array.from({ length: samples }, (_, row) => row),
  );
  const right = rightOf(counts);
  return {
    errors: samples - right,
    accuracy: wilsonEstimate(right, samples)!,
    balancedAccuracy: percentileEstimate(balancedAccuracy(counts), resampled.balancedAccuracy),
    macroF1: percentileEstimate(macroF1(counts), resampled.macroF1),
    top5:
      classes.length < CLASSES_FOR_TOP5
        ? null
        : wilsonEstimate(amongTop(logits, labels, classes.length, 5).filter(Boolean).length, samples),
    classes: classes.map((name, k) => classScores(name, counts, k)),
    confusion: confusionMatrix({ logits, classes: classes.length, labels: Uint8Array.from(labels) }),
  };
}

function classScores(name: string, counts: ClassCounts, k: number): ClassScores {
  const [right, predicted, samples] = [counts.right[k]!, counts.predicted[k]!, counts.actual[k]!];
  return {
    name,
    samples,
    predicted,
    precision: wilsonEstimate(right, predicted),
    recall: wilsonEstimate(right, samples),
    f1: classF1(counts, k),
  };
}

function compare(
  answers: Answers,
  reference: Answers,
  asked: Asked,
  kls: readonly number[],
  resampled: Resampled,
): ReferenceComparison {
  const samples = asked.labels.length;
  const changed = churn(answers, reference, asked);
  const pValue = mcnemarP(changed.forgotten, changed.learned);
  const same = Array.from(answers.tops).filter((top, row) => top === reference.tops[row]).length;
  return {
    accuracyDifference: percentileEstimate((changed.learned - changed.forgotten) / samples, resampled.difference),
    mcnemar: { pValue, significant: pValue < SIGNIFICANCE },
    agreement: wilsonEstimate(same, samples)!,
    kl: percentileEstimate(mean(kls), resampled.kl),
    churn: changed,
  };
}
