import type { CalibrationScores } from "../../evaluate/calibration.js";
import type { EvaluatedModel, Evaluation } from "../../evaluate/evaluation.js";
import { count, percent, pValue, significant } from "../format.js";
import { costMeasures } from "./costs.js";
import { interval, points, shares } from "./estimates.js";
import type { Measure, MeasureGroup } from "./measure.js";

/** All figures of an evaluation, in the order in which terminal and report show them; groups without any are left out. */
export function measureGroups(evaluation: Evaluation): MeasureGroup<EvaluatedModel>[] {
  const { models, reference } = evaluation;
  const others = models.filter(({ comparison }) => comparison !== null);
  const groups = [
    { title: "Quality", measures: quality(evaluation), shown: models },
    { title: `Beside ${reference}`, measures: others.length > 0 ? besides(evaluation) : [], shown: others },
    { title: "Calibration", measures: calibration(), shown: models },
    { title: "Accuracy on changed images", measures: robustness(evaluation), shown: models },
    { title: "Cost", measures: costMeasures(models), shown: models },
  ];
  return groups.filter(({ measures }) => measures.length > 0);
}

function quality({ data, models }: Evaluation): Measure<EvaluatedModel>[] {
  const top5: Measure<EvaluatedModel> = {
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

function besides({ reference }: Evaluation): Measure<EvaluatedModel>[] {
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

function calibration(): Measure<EvaluatedModel>[] {
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

function robustness({ models }: Evaluation): Measure<EvaluatedModel>[] {
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

/** What rounding leaves of nothing is not worth its digits. */
function nats(value: number): string {
  return value > 0 && value < 1e-4 ? "<0.0001" : significant(value);
}
