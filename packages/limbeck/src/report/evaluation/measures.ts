import type { CalibrationScores } from "../../evaluate/calibration.js";
import type { EvaluatedModel, Evaluation, ModelCost } from "../../evaluate/evaluation.js";
import type { Estimate } from "../../evaluate/intervals.js";
import { bytes, count, fixed, milliseconds, percent, plural, pValue, significant } from "../format.js";

/** One figure of every model. */
export interface Measure {
  readonly label: string;
  /** What it means, in a sentence or two. */
  readonly meaning: string;
  /** Null where a model has none. */
  readonly cell: (model: EvaluatedModel) => string | null;
}

/** Figures that stand together. */
export interface MeasureGroup {
  readonly title: string;
  readonly measures: readonly Measure[];
  /** The models that they are of. */
  readonly shown: readonly EvaluatedModel[];
}

/** All figures of an evaluation, in the order in which terminal and report show them; groups without any are left out. */
export function measureGroups(evaluation: Evaluation): MeasureGroup[] {
  const { models, reference } = evaluation;
  const others = models.filter(({ comparison }) => comparison !== null);
  const groups = [
    { title: "Quality", measures: quality(evaluation), shown: models },
    { title: `Beside ${reference}`, measures: others.length > 0 ? besides(evaluation) : [], shown: others },
    { title: "Calibration", measures: calibration(), shown: models },
    { title: "Accuracy on changed images", measures: robustness(evaluation), shown: models },
    { title: "Cost", measures: costs(evaluation), shown: models },
  ];
  return groups.filter(({ measures }) => measures.length > 0);
}

function quality({ data, models }: Evaluation): Measure[] {
  const top5: Measure = {
    label: "Among the top 5",
    meaning: "Share of samples whose class is among the five with the largest probabilities. Wilson's interval.",
    cell: ({ task }) => task.top5 && shares(task.top5),
  };
  return [
    {
      label: `Errors of ${count(data.samples)}`,
      meaning: "Samples that get the wrong class.",
      cell: ({ task }) => count(task.errors),
    },
    {
      label: "Accuracy",
      meaning: "Share of samples that get the right class. Wilson's score interval.",
      cell: ({ task }) => shares(task.accuracy),
    },
    {
      label: "Balanced accuracy",
      meaning: "Mean share of a class's samples that are found: every class counts the same. Bootstrap interval.",
      cell: ({ task }) => shares(task.balancedAccuracy),
    },
    {
      label: "Macro F1",
      meaning: "Mean over classes of F1, the harmonic mean of precision and recall. Bootstrap interval.",
      cell: ({ task }) => shares(task.macroF1),
    },
    ...(models.some(({ task }) => task.top5) ? [top5] : []),
  ];
}

function besides({ reference }: Evaluation): Measure[] {
  const compared = (cell: (comparison: NonNullable<EvaluatedModel["comparison"]>) => string) => {
    return ({ comparison }: EvaluatedModel) => comparison && cell(comparison);
  };
  return [
    {
      label: "Accuracy, in points",
      meaning: `Accuracy less that of ${reference}, both on the same draws of the bootstrap.`,
      cell: compared(({ accuracyDifference }) => points(accuracyDifference)),
    },
    {
      label: "McNemar's test",
      meaning:
        "How often chance alone would divide so unevenly the samples that only one of the two gets right. Below 0.05 the " +
        "difference is called more than chance explains.",
      cell: compared(({ mcnemar }) => pValue(mcnemar.pValue)),
    },
    {
      label: "Forgotten",
      meaning: `Samples that ${reference} gets right and this model wrong.`,
      cell: compared(({ churn }) => count(churn.forgotten)),
    },
    {
      label: "Learned",
      meaning: `Samples that this model gets right and ${reference} wrong.`,
      cell: compared(({ churn }) => count(churn.learned)),
    },
    {
      label: "Wrong in another way",
      meaning: "Samples that both get wrong, each with a class of its own.",
      cell: compared(({ churn }) => count(churn.wrongOtherwise)),
    },
    {
      label: "Agreement",
      meaning: `Share of samples that get the class that ${reference} gives them, right or wrong. Wilson's interval.`,
      cell: compared(({ agreement }) => shares(agreement)),
    },
    {
      label: "KL, in nats",
      meaning: `Mean Kullback–Leibler divergence from the probabilities of ${reference} to the model's; 0 is a perfect copy. Bootstrap interval.`,
      cell: compared(({ kl }) => interval(kl, nats)),
    },
  ];
}

function calibration(): Measure[] {
  const scaled = (cell: (scaled: NonNullable<EvaluatedModel["calibration"]["scaled"]>) => string) => {
    return ({ calibration: { scaled: found } }: EvaluatedModel) => found && cell(found);
  };
  const change = (of: (scores: CalibrationScores) => string) =>
    scaled(({ before, after }) => `${of(before)} → ${of(after)}`);
  return [
    {
      label: "ECE",
      meaning:
        "Expected calibration error, 15 bins: how far confidence and accuracy lie apart. A model that says 90% should be right nine times in ten.",
      cell: ({ calibration: { all } }) => percent(all.ece, 2),
    },
    {
      label: "NLL, in nats",
      meaning: "Mean negative log-likelihood of the right class: what is lost by trusting the probabilities.",
      cell: ({ calibration: { all } }) => significant(all.nll),
    },
    {
      label: "Brier score",
      meaning: "Squared distance of probabilities and truth, summed over classes: 0 is perfect, 2 surely wrong.",
      cell: ({ calibration: { all } }) => significant(all.brier),
    },
    {
      label: "Temperature, fitted on half",
      meaning:
        "Dividing the logits by it makes the labels of half the samples likeliest. Above 1 a model was too sure, below 1 not sure enough.",
      cell: scaled(({ temperature }) => significant(temperature)),
    },
    {
      label: "ECE of the other half",
      meaning: "On samples that the temperature was not fitted on: as the model answers, and divided by it.",
      cell: change(({ ece }) => percent(ece, 2)),
    },
    {
      label: "NLL of the other half",
      meaning: "The same of the likelihood.",
      cell: change(({ nll }) => significant(nll)),
    },
    {
      label: "Brier score of the other half",
      meaning: "The same of the Brier score.",
      cell: change(({ brier }) => significant(brier)),
    },
  ];
}

function robustness({ models }: Evaluation): Measure[] {
  const measured = models.find((model) => model.robustness)?.robustness;
  if (!measured) return [];
  return [
    {
      label: `As they are (${count(measured.samples)})`,
      meaning: "Accuracy on the images that are changed below, before they are.",
      cell: ({ robustness: found }) => found && percent(found.clean),
    },
    ...measured.changes.map(({ name, meaning, severities }, i) => ({
      label: name[0]!.toUpperCase() + name.slice(1),
      meaning: `${meaning}: ${severities.map(({ strength }) => strength).join(", ")}.`,
      cell: ({ robustness: found }: EvaluatedModel) =>
        found && found.changes[i]!.severities.map(({ accuracy }) => percent(accuracy)).join(" · "),
    })),
    {
      label: "Mean of the changed",
      meaning: "Mean accuracy over all changes and severities.",
      cell: ({ robustness: found }) => found && percent(found.mean),
    },
  ];
}

function costs({ models }: Evaluation): Measure[] {
  const first = models.find(({ cost }) => cost)?.cost;
  if (!first) return [];
  const costly =
    (cell: (cost: ModelCost) => string | null) =>
    ({ cost }: EvaluatedModel) =>
      cost && cell(cost);
  return [
    {
      label: "Size of the file",
      meaning: "The ONNX file, with those beside it that hold its numbers. 1 KB is 1,000 bytes.",
      cell: costly((cost) => bytes(cost.bytes)),
    },
    { label: "After gzip", meaning: "What is sent to a browser.", cell: costly(({ gzipBytes }) => bytes(gzipBytes)) },
    {
      label: "Parameters",
      meaning: "Values of all initializers but integers of 32 and 64 bits, as limbeck inspect counts them.",
      cell: costly(({ parameters }) => (parameters === null ? null : count(parameters))),
    },
    {
      label: "MACs",
      meaning: "Multiply-accumulate pairs for one sample.",
      cell: costly(({ macs }) => (macs === null ? null : macsText(macs))),
    },
    ...first.latency.flatMap(({ threads }, i) => [
      {
        label: `Latency p50, p95, ${plural(threads, "thread")}`,
        meaning: "Time of one forward pass with a single sample: half of the passes, and 95 of 100, are faster.",
        cell: costly(({ latency }) => `${significant(latency[i]!.p50Ms)}, ${milliseconds(latency[i]!.p95Ms)}`),
      },
      {
        label: `Samples a second, ${plural(threads, "thread")}`,
        meaning: `With ${first.throughput[i]!.batch} samples at once, at the median time.`,
        cell: costly(({ throughput }) => {
          const { batch, samplesPerSecond } = throughput[i]!;
          const fewer = batch === first.throughput[i]!.batch ? "" : ` (${batch} at once)`;
          return `${count(Math.round(samplesPerSecond))}${fewer}`;
        }),
      },
    ]),
    {
      label: "Peak memory",
      meaning:
        "Largest resident memory of a fresh process that loads the model and answers; much of it is Node.js and ONNX Runtime.",
      cell: costly(({ peakMemoryBytes }) => bytes(peakMemoryBytes)),
    },
  ];
}

function macsText(macs: number): string {
  if (macs < 1e3) return count(macs);
  if (macs < 1e6) return `${significant(macs / 1e3)} k`;
  return macs < 1e9 ? `${significant(macs / 1e6)} M` : `${significant(macs / 1e9)} G`;
}

/** What rounding leaves of nothing is not worth its digits. */
function nats(value: number): string {
  return value > 0 && value < 1e-4 ? "<0.0001" : significant(value);
}

/** "91.30% [89.4, 92.9]" */
function shares({ value, low, high }: Estimate): string {
  return `${percent(value, 2)} [${fixed(low * 100, 1)}, ${fixed(high * 100, 1)}]`;
}

/** "+1.20 [0.1, 2.3]" */
function points({ value, low, high }: Estimate): string {
  const sign = value > 0 ? "+" : "";
  return `${sign}${fixed(value * 100, 2)} [${fixed(low * 100, 1)}, ${fixed(high * 100, 1)}]`;
}

function interval({ value, low, high }: Estimate, format: (value: number) => string): string {
  return `${format(value)} [${format(low)}, ${format(high)}]`;
}
