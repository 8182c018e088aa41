import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { constant } from "../../models/initial.js";
import { LimbeckError } from "../../support/errors.js";
import { pointwise } from "../adapters.js";
import { randomDirections } from "../bank.js";
import { featurePair, rows, unit } from "../features.js";
import type { Loss, LossContext } from "../loss.js";

const options = z.strictObject({
  negatives: z.int().positive().default(16384).meta({
    description:
      "Samples that each one is told apart from. Transfer sets of no more samples are compared with as a whole, weighted as if this many had been drawn.",
  }),
  from: z.enum(["other-classes", "other-samples"]).default("other-classes").meta({
    description: "What negatives are drawn from: samples of other classes, or, without regard to labels, all others.",
  }),
  temperature: z
    .number()
    .min(0.02)
    .default(0.07)
    .meta({ description: "Divides cosines; the lower, the more the nearest negatives count." }),
  dimensions: z.int().positive().default(128).meta({ description: "Width of the common embedding." }),
  momentum: z
    .number()
    .min(0)
    .lt(1)
    .default(0.5)
    .meta({ description: "Share of a sample's remembered embedding that stays when it is met again." }),
});

type CrdOptions = z.infer<typeof options>;

/** What samples are told apart from: the same for a whole batch, so that rows of banks are taken once. */
interface Noise {
  /** Rows of the banks, int32 [R]; missing where all are taken. */
  readonly rows: Tensor | undefined;
  /** How often each sample meets each of them, [N, R]: never its own class; as many in all as there are negatives. */
  readonly weights: Tensor;
}

function drawNoise(context: LossContext, { negatives, from }: CrdOptions): Noise {
  const { graph } = context.logits;
  const count = context.sampleCount!;
  const rows = negatives < count ? ops.randomIntegers(graph, [negatives], count) : undefined;
  const byClass = from === "other-classes";
  const own = byClass ? context.labels! : context.sampleIndices!;
  const all = byClass ? context.sampleLabels! : graph.constant("int64", [count], [...Array(count).keys()]);
  requireOthers(all, byClass);
  const others = ops.not(ops.equal(ops.unsqueeze(own, [1]), rows ? ops.gather(all, rows) : all));
  const differs = ops.cast(others, "float32");
  const found = ops.reduceSum(differs, { axes: [1], keepdims: true });
  return { rows, weights: ops.mul(differs, ops.div(negatives, ops.maximum(found, 1))) };
}

/** @throws LimbeckError DATA_TOO_SMALL where nothing can be told apart */
function requireOthers({ source }: Tensor, byClass: boolean): void {
  const keys = source.kind === "constant" ? new Set<number | bigint>(source.data) : undefined;
  if (keys?.size !== 1) return;
  const what = byClass ? "samples of other classes" : "other samples";
  throw new LimbeckError("DATA_TOO_SMALL", `crd tells samples apart from ${what}; the transfer set has none`, {
    fix: byClass ? "Take more classes, or `from: other-samples`." : "Take more samples.",
  });
}

/**
 * Noise-contrastive estimation (Gutmann & Hyvärinen 2010): is a remembered embedding the sample's own, or one of the
 * negatives? With p = exp(cosine / T) / Z and a noise of 1 / samples, the odds are exp(cosine / T) / scale. For negatives
 * no softplus: ONNX Runtime computes it number by number, and these are most of what this loss computes.
 */
function contrast(context: LossContext, side: string, embedding: Tensor, bank: Tensor, noise: Noise, o: CrdOptions) {
  const [samples, count] = [embedding.shape[0]!, context.sampleCount!];
  const own = ops.mul(embedding, ops.gather(bank, context.sampleIndices!));
  const positive = ops.div(ops.reduceSum(own, { axes: [1] }), o.temperature);
  const compared = noise.rows ? ops.gather(bank, noise.rows) : bank;
  const scores = ops.exp(ops.gemm(embedding, compared, undefined, { alpha: 1 / o.temperature, transB: 1 }));
  const counted = ops.reduceSum(ops.mul(noise.weights, scores));
  const mean = ops.div(ops.add(ops.reduceSum(ops.exp(positive)), counted), samples * (o.negatives + 1));
  const normalizer = firstValue(context, `normalizer.${side}`, ops.mul(mean, count));
  const scale = ops.mul(normalizer, o.negatives / count);
  const missed = ops.reduceSum(ops.softplus(ops.sub(ops.log(scale), positive)));
  const confusion = ops.log(ops.add(ops.mul(scores, ops.reciprocal(scale)), 1));
  return ops.div(ops.add(missed, ops.reduceSum(ops.mul(noise.weights, confusion))), samples);
}

/** What a positive number was in the first step, [1], without gradient. */
function firstValue({ store }: LossContext, name: string, now: Tensor): Tensor {
  const kept = store!.buffer(name, [1], constant(-1));
  const first = ops.where(ops.less(kept, 0), ops.reshape(ops.detach(now), [1]), kept);
  store!.carry(kept, first);
  return first;
}

function remember({ store, sampleIndices }: LossContext, bank: Tensor, embedding: Tensor, momentum: number): void {
  const old = ops.mul(ops.gather(bank, sampleIndices!), momentum);
  store!.carryRows(bank, sampleIndices!, unit(ops.add(old, ops.mul(ops.detach(embedding), 1 - momentum)), [1]));
}

/** Contrastive representation distillation. Memory: two banks of samples × dimensions, and batch × negatives. */
export const crd: Loss<CrdOptions> = {
  name: "crd",
  family: "feature",
  description:
    "The student's embedding of a sample is nearer to the teacher's of the same sample than to the teacher's of others.",
  formula:
    "-log h(own) - Σ over negatives of log (1 - h(negative)), averaged over samples, h = p / (p + negatives / samples), p = exp(cosine / T) / Z; once for the student's embeddings against remembered ones of the teacher, once the other way round; both embeddings are learned linear maps of flattened features, and Z is what makes p average 1 / samples in the first batch",
  use: "The penultimate layer, beside cross-entropy and kd; any widths. The strongest of the classic feature losses, most of all between different architectures. Remembers every sample of the transfer set, so that it needs epochs enough to meet each one several times.",
  source:
    "Tian, Krishnan & Isola 2020, Contrastive Representation Distillation; banks, Z and defaults as in the authors' RepDistiller (weight 0.8); there each sample draws negatives of its own, here those of a batch are drawn together and each sample leaves out its own class",
  needs: ["features", "labels", "sample indices", "memory bank", "adapters"],
  options,
  weight: 0.8,
  recipe: "- { loss: crd, student: relu2, teacher: relu2, weight: 0.8 }\n- { loss: cross-entropy }",
  compute: (context, crdOptions) => {
    const { dimensions, momentum } = crdOptions;
    const store = context.store!;
    const { student, teacher } = featurePair(context);
    const noise = drawNoise(context, crdOptions);
    const [ours, theirs] = Object.entries({ student, teacher }).map(([name, x]) => {
      const embedding = unit(pointwise(store, name, rows(x), dimensions), [1]);
      const bank = store.buffer(`memory.${name}`, [context.sampleCount!, dimensions], randomDirections(dimensions));
      remember(context, bank, embedding, momentum);
      return { embedding, bank };
    }) as [Remembered, Remembered];
    return ops.add(
      contrast(context, "student", ours.embedding, theirs.bank, noise, crdOptions),
      contrast(context, "teacher", theirs.embedding, ours.bank, noise, crdOptions),
    );
  },
};

interface Remembered {
  readonly embedding: Tensor;
  readonly bank: Tensor;
}
