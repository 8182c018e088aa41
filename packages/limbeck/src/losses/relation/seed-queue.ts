import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { constant } from "../../models/initial.js";
import { averaged } from "../../models/vision.js";
import { pointwise } from "../adapters.js";
import { randomDirections } from "../bank.js";
import { divergence, softened } from "../divergence.js";
import { featurePair, unit } from "../features.js";
import type { Loss, LossStore } from "../loss.js";

const options = z.strictObject({
  size: z
    .int()
    .positive()
    .max(2 ** 22)
    .default(65536)
    .meta({
      description: "Features of the teacher that are remembered; never more than the transfer set has samples.",
    }),
  studentTemperature: z.number().positive().default(0.2).meta({ description: "Divides the student's cosines." }),
  teacherTemperature: z
    .number()
    .positive()
    .default(0.01)
    .meta({ description: "Divides the teacher's cosines; low, so that few neighbors count." }),
});

/** Puts the batch's features where the oldest are. */
function enqueue(store: LossStore, queue: Tensor, features: Tensor): void {
  const [size, samples] = [queue.shape[0]!, features.shape[0]!];
  const oldest = store.buffer("oldest", [1], constant(0));
  const numbers = queue.graph.constant("float32", [samples], [...Array(samples).keys()]);
  store.carryRows(queue, ops.cast(ops.fmod(ops.add(oldest, numbers), size), "int64"), features);
  store.carry(oldest, ops.fmod(ops.add(oldest, samples), size));
}

/** Similarities to a queue of the teacher's features. Memory: queue × features, and batch × queue. */
export const seedQueue: Loss<z.infer<typeof options>> = {
  name: "seed-queue",
  family: "relation",
  description: "Each sample is as similar to many earlier ones, as the teacher sees them, as the teacher finds it.",
  formula:
    "Kullback-Leibler divergence between the softmax of the teacher's cosines / T_T to its own features of this sample and of the samples in a queue, and the softmax of the student's cosines / T_S to the same features, averaged over samples; the student's features go through a learned linear map, and the batch then replaces the oldest in the queue",
  use: "Teachers that were trained without labels, such as self-supervised encoders: no labels, no logits. Relations beyond the batch, so that batches may be small. The penultimate layer.",
  source:
    "Fang et al. 2021, SEED: Self-supervised Distillation for Visual Representation, temperatures 0.2 and 0.01, queue 65536; cross-entropy there, which differs by the teacher's entropy and has the same gradient; without T²",
  needs: ["features", "memory bank", "adapters"],
  options,
  recipe: "- { loss: seed-queue, student: relu2, teacher: relu2 }\n- { loss: cross-entropy }",
  compute: (context, { size, studentTemperature, teacherTemperature }) => {
    const store = context.store!;
    const pair = featurePair(context);
    const theirs = unit(averaged(pair.teacher), [1]);
    const [samples, width] = theirs.shape as [number, number];
    const ours = unit(pointwise(store, "projection", averaged(pair.student), width), [1]);
    const places = Math.max(samples, Math.min(size, context.sampleCount!));
    const queue = store.buffer("queue", [places, width], randomDirections(width));
    enqueue(store, queue, theirs);
    const similarities = (x: Tensor) => {
      const own = ops.reduceSum(ops.mul(x, theirs), { axes: [1], keepdims: true });
      return ops.concat([own, ops.linear(x, queue)], 1);
    };
    const [p, q] = [
      softened(similarities(theirs), teacherTemperature),
      softened(similarities(ours), studentTemperature),
    ];
    return divergence(p, q);
  },
};
