import type { ModelResult, Spread, Verdict } from "../../src/evaluate/results.js";
import { mean, spread } from "../../src/evaluate/statistics.js";
import type { Confusion, Curve, DarkKnowledgeSample, ReportData } from "../../src/report/data.js";

const TEST_SIZE = 10_000;

/** A model's results, with the errors given and the rest made up to fit. */
export function model(errors: readonly number[], changes: Partial<ModelResult> = {}): ModelResult {
  const accuracy: Spread = spread(errors.map((count) => 1 - count / TEST_SIZE));
  return {
    errors,
    testSize: TEST_SIZE,
    accuracy,
    agreement: { mean: accuracy.mean + 0.0021, sd: accuracy.sd },
    klToTeacher: { mean: 0.0214, sd: accuracy.sd === null ? null : 0.0011 },
    mapCosine: { mean: 0.871, sd: accuracy.sd === null ? null : 0.012 },
    ece: { mean: 0.0048, sd: accuracy.sd === null ? null : 0.0006 },
    parameters: 102_314,
    bytes: 411_873,
    latencyMs: 0.0731,
    peakMemoryBytes: 71_630_848,
    ...changes,
  };
}

export function teacher(): ModelResult {
  const size = { parameters: 2_395_210, bytes: 9_590_112, latencyMs: 0.912, peakMemoryBytes: 104_857_600 };
  return model([67], { agreement: null, klToTeacher: null, mapCosine: null, ...size });
}

function verdict(student: ModelResult, baseline: ModelResult, pValue: number | null): Verdict {
  const difference = mean(baseline.errors) - mean(student.errors);
  const relative = difference / mean(baseline.errors);
  const significant = pValue !== null && pValue < 0.05;
  const helped = difference > 0;
  const sentence = helped
    ? `Distillation helped: the student makes ${Math.round(100 * relative)}% fewer errors than the same network trained without the teacher.`
    : "Distillation did not help: the student makes no fewer errors than the same network trained without the teacher.";
  return { helped, difference, relative, pValue, significant, sentence };
}

export function comparison(student: readonly number[], baseline: readonly number[], pValue: number | null) {
  const arms = { student: model(student), baseline: model(baseline) };
  return { ...arms, verdict: verdict(arms.student, arms.baseline, pValue) };
}

function curve(arm: Curve["arm"], seed: number, end: number): Curve {
  const floor = arm === "student" ? 0.9 : 0.002;
  const points = Array.from({ length: 60 }, (_, i) => {
    const epoch = (i + 1) * 5;
    const wobble = Math.sin(seed * 7 + i * (1.3 + seed)) * (40 / (1 + i * 0.2) + 2);
    const errors = Math.round(end + 900 * Math.exp(-epoch / 22) + (300 - epoch) * 0.06 + (epoch < 300 ? wobble : 0));
    return { epoch, loss: floor + 1.4 * Math.exp(-epoch / 45), errors };
  });
  return { arm, variant: null, seed, points };
}

export function confusion(errors: number, seeds: number, classes = 10): Confusion {
  const likely: Readonly<Record<string, number>> = {
    "4,9": 9,
    "7,2": 7,
    "3,5": 6,
    "8,3": 5,
    "9,4": 8,
    "2,7": 6,
    "5,3": 4,
  };
  let state = errors;
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < errors; ) {
    const truth = Math.floor(random() * classes);
    const guess = Math.floor(random() * classes);
    const weight = likely[`${truth},${guess}`] ?? 0.7;
    if (truth === guess || random() * 9 > weight) continue;
    matrix[truth]![guess]!++;
    i++;
  }
  matrix.forEach((row, c) => {
    row[c] = (TEST_SIZE * seeds) / classes - row.reduce((sum, value) => sum + value, 0);
  });
  return matrix;
}

function softmax(logits: readonly number[], temperature: number): number[] {
  const powers = logits.map((logit) => Math.exp((logit - Math.max(...logits)) / temperature));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

export function sample(index: number, classes = 10, channels = 1): DarkKnowledgeSample {
  const label = (index * 3) % classes;
  const logits = Array.from({ length: classes }, (_, c) => (c === label ? 14 : 6 * Math.sin(index * 5 + c * 2.3)));
  const pixels = new Uint8Array(channels * 28 * 28);
  for (let i = 0; i < pixels.length; i++) {
    const [x, y] = [(i % 28) - 14, (Math.floor(i / 28) % 28) - 14];
    pixels[i] = Math.max(0, 255 - 60 * Math.abs(Math.hypot(x, y * (0.7 + index * 0.05)) - 7));
  }
  const teacher = softmax(logits, 1);
  return { shown: pixels, label, teacher, soft: softmax(logits, 4), student: softmax(logits, 1.6) };
}

const RECIPE = `name: mnist-mlp
task: image-classification
data:
  source: mnist
  split: { train: 60000, test: 10000 }
teacher: { model: cnn, epochs: 40 }
student: { model: mlp, hidden: [128] }
losses:
  - { type: kd, temperature: 4 }
train: { epochs: 300, batch: 128, optimizer: adam, seeds: [0, 1, 2] }
`;

/** A run as MNIST would give it: three seeds, a short schedule that does not pay, and a transfer set without threes. */
export function reportData(changes: Partial<ReportData> = {}): ReportData {
  const main = comparison([94, 97, 91], [121, 118, 126], 0.0007);
  const short = comparison([134, 129, 137], [131, 127, 133], 0.37);
  const absent = comparison([301, 287, 322], [1098, 1104, 1101], 0.0002);
  return {
    name: "mnist-mlp",
    description: "A convolutional teacher into a perceptron of one hidden layer.",
    createdAt: "2026-10-07T14:05:12.000Z",
    seconds: 4342,
    reused: [],
    recipe: RECIPE,
    classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
    image: { channels: 1, height: 28, width: 28 },
    teachers: [],
    data: { source: "MNIST", train: 60_000, transfer: 60_000, test: TEST_SIZE },
    losses: ["kd (temperature 4)"],
    chosen: [],
    epochs: 300,
    temperature: 4,
    mentor: "the teacher",
    results: {
      ...main,
      teacher: teacher(),
      helpers: [],
      variants: [
        {
          ...short,
          name: "short",
          description: "a fifth of the epochs",
          epochs: 60,
          transferSize: 60_000,
          onlyEpochsDiffer: true,
          corrected: null,
        },
        {
          ...absent,
          name: "no-threes",
          description: "the transfer set has no 3",
          epochs: 300,
          transferSize: 53_869,
          onlyEpochsDiffer: false,
          corrected: {
            offsets: [3.4, 3.6, 3.5],
            errors: [118, 121, 116],
            absent: { before: [212, 199, 230], after: [14, 17, 13], size: 1010 },
          },
        },
      ],
    },
    curves: [94, 97, 91].flatMap((end, i) => [curve("student", i, end), curve("baseline", i, [121, 118, 126][i]!)]),
    samples: Array.from({ length: 12 }, (_, i) => sample(i)),
    confusion: { teacher: confusion(67, 1), student: confusion(282, 3), baseline: confusion(365, 3) },
    environment: {
      limbeck: "0.1.0",
      node: "22.11.0",
      onnxruntime: "1.24.1",
      cpu: "AMD EPYC 7763 64-Core Processor",
      threads: 2,
    },
    ...changes,
  };
}
