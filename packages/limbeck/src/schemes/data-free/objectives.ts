import { ops, type Tensor } from "@limbeck/graph";
import { divergence, divergenceOfRows, logMixture } from "../../losses/divergence.js";
import { sumPerSampleMean } from "../../losses/reduce.js";
import { lastLayer } from "../../models/last-layer.js";
import type { DataFreeOptions } from "../../recipe/schemes/data-free.js";
import { LimbeckError } from "../../support/errors.js";
import { normalizedValues, statisticsLoss } from "./statistics.js";

/** Images, and answers to them, [N, K] each; gradients flow through both into the images. */
export interface Answers {
  readonly images: Tensor;
  /** Classes that they are made for, int64 [N]. Default: those that the teacher takes them for. */
  readonly labels?: Tensor | undefined;
  /** Missing where images are not after differences. */
  readonly student?: Tensor | undefined;
  readonly teacher: Tensor;
}

type Objective = keyof Pick<DataFreeOptions, "adversarial" | "oneHot" | "statistics" | "activation" | "entropy">;

/** A share of nothing has no logarithm. */
const SMALLEST_SHARE = 1e-12;

/** How far the student's answers are from the teacher's. */
const DIFFERENCE: Readonly<Record<DataFreeOptions["difference"], (student: Tensor, teacher: Tensor) => Tensor>> = {
  l1: (student, teacher) => sumPerSampleMean(ops.abs(ops.sub(student, teacher))),
  kl: (student, teacher) => divergence(ops.logSoftmax(teacher), ops.logSoftmax(student)),
  "agreed-kl": (student, teacher) => {
    const isAgreed = ops.cast(ops.equal(ops.argMax(student), ops.argMax(teacher)), "float32");
    return sumPerSampleMean(ops.mul(isAgreed, divergenceOfRows(ops.logSoftmax(teacher), ops.logSoftmax(student))));
  },
  js: (student, teacher) => {
    const both = [ops.logSoftmax(teacher), ops.logSoftmax(student)] as const;
    const mixed = logMixture(...both, 0.5);
    return both.map((logs) => ops.mul(divergence(logs, mixed), 0.5)).reduce((a, b) => ops.add(a, b));
  },
};

/** What images are made to minimize, without weights. */
export const OBJECTIVES: Readonly<
  Record<Objective, (answers: Answers, options: Pick<DataFreeOptions, "difference" | "normalization">) => Tensor>
> = {
  adversarial: ({ student, teacher }, { difference }) => ops.neg(DIFFERENCE[difference](student!, teacher)),
  oneHot: ({ teacher, labels }) => ops.crossEntropy(teacher, labels ?? ops.argMax(teacher)),
  statistics: ({ images, teacher }, { normalization }) =>
    statisticsLoss(normalizedValues(images, teacher, normalization)),
  activation: ({ teacher }) => ops.neg(ops.reduceMean(ops.abs(lastFeatures(teacher)))),
  entropy: ({ teacher }) => {
    const shares = ops.reduceMean(ops.softmax(teacher), { axes: [0] });
    const logs = ops.div(ops.log(ops.maximum(shares, SMALLEST_SHARE)), Math.LN10);
    return ops.reduceSum(ops.mul(shares, logs));
  },
};

/** Those of the objectives that have a weight, multiplied by it. @throws LimbeckError FEATURE_MISMATCH, TEACHER_MISMATCH */
export function imageTerms(options: DataFreeOptions, answers: Answers): Record<string, Tensor> {
  const terms = (Object.keys(OBJECTIVES) as Objective[])
    .filter((name) => (options[name] ?? 0) > 0)
    .map((name) => [name, ops.mul(OBJECTIVES[name](answers, options), options[name]!)] as const);
  return Object.fromEntries(terms);
}

/** What the teacher's last linear layer reads. */
function lastFeatures(logits: Tensor): Tensor {
  const last = lastLayer(logits);
  if (last) return last.input;
  throw new LimbeckError(
    "FEATURE_MISMATCH",
    "activation needs a teacher that ends in a linear layer; this one does not",
    {
      where: "scheme: activation",
      fix: "Set activation: 0, or use dfad, which looks at nothing but answers.",
    },
  );
}
