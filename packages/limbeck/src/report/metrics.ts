import type { RunResults, TeacherResult } from "../evaluate/results.js";
import { bytes, count, errorsText, milliseconds, NOTHING, percent, plusMinus } from "./format.js";
import { html, type Markup } from "./html.js";

/** A row of the table of models, and an entry of the glossary. */
export interface Metric {
  readonly label: string;
  /** One line beside the label. */
  readonly short: string;
  /** What it means, in a sentence or two. */
  readonly long: string;
  readonly cell: (model: TeacherResult) => Markup;
  /** Whether there is anything to show. Default: always. */
  readonly isShown?: (results: RunResults) => boolean;
}

/** What is reported of every model, in the order of the table. */
export function metricsOf(results: RunResults): Metric[] {
  return METRICS.filter(({ isShown }) => isShown?.(results) ?? true);
}

const METRICS: readonly Metric[] = [
  {
    label: "Test errors",
    short: "wrongly classified test samples; fewer is better",
    long:
      "How many of the held-out test samples get the wrong class. With several seeds: their mean ± standard deviation, " +
      "and each seed's own count below.",
    cell: ({ errors }) =>
      html`<strong>${errorsText(errors)}</strong>${errors.length > 1 && html`<small>${errors.map(count).join(" · ")}</small>`}`,
  },
  {
    label: "Accuracy",
    short: "share of test samples classified correctly",
    long: "The same as test errors, seen from the other side.",
    cell: ({ accuracy }) => text(`${plusMinus(accuracy, 2, 100)}%`),
  },
  {
    label: "Agreement with the teacher",
    short: "share of test samples given the teacher's class, right or wrong",
    long: "How often a model chooses the class that the teacher chooses, even where the teacher is wrong.",
    cell: ({ agreement }) => text(agreement && `${plusMinus(agreement, 2, 100)}%`),
    isShown: ({ student }) => student.agreement !== null,
  },
  {
    label: "KL to the teacher",
    short: "distance between the two models' probabilities, in nats; 0 is a perfect copy",
    long:
      "Kullback–Leibler divergence from the teacher's distribution to the model's, averaged over test samples. It sees " +
      "all probabilities, not only the largest.",
    cell: ({ klToTeacher }) => text(klToTeacher && plusMinus(klToTeacher, 4)),
    isShown: ({ student }) => student.klToTeacher !== null,
  },
  {
    label: "Looks where the teacher looks",
    short: "cosine of both models' class activation maps; 1 is the same places",
    long:
      "For each test sample, the places of the image that speak for the class which the teacher chooses: the last feature maps, " +
      "weighted by that class's weights (positive parts). Shown is the mean cosine of the teacher's map and the model's. It needs " +
      "two networks that end in an average over places and one linear layer.",
    cell: ({ mapCosine }) => text(mapCosine && plusMinus(mapCosine, 3)),
    isShown: ({ student }) => student.mapCosine !== null,
  },
  {
    label: "Calibration error (ECE)",
    short: "how far confidence and accuracy lie apart; lower is better",
    long:
      "Expected calibration error over 15 bins of confidence: a model that says 90% should be right nine times in ten. " +
      "Zero means that its confidence can be taken at its word.",
    cell: ({ ece }) => text(`${plusMinus(ece, 2, 100)}%`),
  },
  {
    label: "Parameters",
    short: "trained numbers inside the model",
    long: "All weights and biases.",
    cell: ({ parameters }) => known(parameters, count),
  },
  {
    label: "File size",
    short: "of the ONNX file",
    long: "What is shipped or downloaded. 1 KB is 1,000 bytes.",
    cell: (model) => known(model.bytes, bytes),
  },
  {
    label: "Size after gzip",
    short: "of the ONNX file, as servers send it",
    long: "The file after gzip, of the first seed. Zeros and 8-bit weights that pruning and quantization leave take little room there.",
    cell: ({ compression }) => text(compression ? bytes(compression.compressedBytes) : null),
    isShown: ({ student }) => student.compression !== undefined,
  },
  {
    label: "Weights that are 0",
    short: "share of the weights of convolutions and linear layers",
    long: "What pruning took away, of the first seed. Channels that are cut out of the file are no zeros: they are parameters that are gone.",
    cell: ({ compression }) => text(compression ? percent(compression.zeros) : null),
    isShown: ({ student }) => student.compression !== undefined,
  },
  {
    label: "Latency",
    short: "median time for one sample on one thread",
    long: "Median time of one forward pass with a single sample, on one thread of the processor named above.",
    cell: ({ latencyMs }) => known(latencyMs, milliseconds),
  },
  {
    label: "Peak memory",
    short: "of a fresh process that loads the model and answers",
    long: "Largest resident memory of the process, ONNX Runtime and Node.js included; much of it is the same for every model.",
    cell: ({ peakMemoryBytes }) => known(peakMemoryBytes, bytes),
  },
];

/** A cost, which is unknown of a teacher that is only asked. */
export function known(value: number | null, format: (value: number) => string): Markup {
  return text(value === null ? null : format(value));
}

function text(value: string | null): Markup {
  return value === null ? html`<span class="muted">${NOTHING}</span>` : html`${value}`;
}
