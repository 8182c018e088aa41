import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { convolve, normalizeBatch, pointwise } from "../adapters.js";
import { featurePairs, requireRank, requireSamples, rows, square, unit } from "../features.js";
import type { FeaturePair, Loss, LossStore } from "../loss.js";
import { asMaps, toSmallerMaps } from "../spatial.js";

const options = z.strictObject({
  factor: z
    .int()
    .positive()
    .default(4)
    .meta({ description: "How many times fewer numbers than samples in a batch a query and a key have." }),
});

/** What a layer makes of the batch: similarities of the samples, embedded as directions [N, width]. */
function embedded(store: LossStore, name: string, maps: Tensor, width: number): Tensor {
  const features = rows(maps);
  const similarities = ops.matmul(features, ops.transpose(features, [1, 0]));
  const hidden = ops.relu(pointwise(store, `${name}.linear1`, similarities, 2 * width));
  return unit(pointwise(store, `${name}.linear2`, hidden, width), [1]);
}

/** Three convolutions (1×1, 3×3, 1×1) to the teacher's channels. */
function regress(store: LossStore, name: string, maps: Tensor, channels: number): Tensor {
  const step = (place: number, x: Tensor, kernel: number) => {
    const plain = convolve(store, `${name}.${place}`, x, 2 * channels, kernel, false);
    return ops.relu(normalizeBatch(store, `${name}.${place + 1}`, plain));
  };
  return convolve(store, `${name}.6`, step(3, step(0, maps, 1), 3), channels, 1, false);
}

/** Squared difference of each sample, averaged over features, [N, 1]: layers of all sizes are to be comparable. */
function distance(store: LossStore, name: string, student: Tensor, teacher: Tensor): Tensor {
  const [ours, theirs] = toSmallerMaps(student, teacher);
  const difference = ops.sub(regress(store, name, ours, theirs.shape[1]!), theirs);
  return ops.reduceMean(rows(square(difference)), { axes: [1], keepdims: true });
}

function checked(pair: FeaturePair): FeaturePair {
  requireRank(pair, [2, 4], "maps [N, C, H, W] or vectors [N, D]");
  requireSamples(pair, 2);
  return { student: asMaps(pair.student), teacher: asMaps(pair.teacher) };
}

/** Semantic calibration for cross-layer distillation. */
export const semckd: Loss<z.infer<typeof options>> = {
  name: "semckd",
  family: "feature",
  description:
    "Each layer of the student learns from those of the teacher that mean the same; which these are is learned.",
  formula:
    "for each student layer, attention over the teacher's layers: softmax of products of query and key, which are embedded similarities between the samples of the batch; squared difference between regressor(student) and teacher, averaged over features and weighted by the attention, averaged over student layers and samples",
  use: "As many taps of the one as of the other, in any order; channels and sizes may differ. The embeddings depend on the batch's size, which stays the same here. Every pair of layers has a regressor: adapters grow with the square of the taps.",
  source:
    "Chen et al. 2021, Cross-Layer Distillation with Semantic Calibration, equations 3 to 8; weight 400 of the paper, which averages over features as well, because attention compares layers of different sizes",
  needs: ["pairs of features", "adapters"],
  options,
  weight: 400,
  recipe:
    "- { loss: semckd, student: [stage1, stage2, stage3], teacher: [stage1, stage2, stage3], weight: 400 }\n- { loss: kd }\n- { loss: cross-entropy }",
  compute: (context, { factor }) => {
    const pairs = featurePairs(context).map(checked);
    const store = context.store!;
    const [samples, layers] = [pairs[0]!.student.shape[0]!, pairs.length];
    const width = Math.max(1, Math.floor(samples / factor));
    const keys = pairs.map(({ teacher }, j) => embedded(store, `key.${j}`, teacher, width));
    const losses = pairs.map(({ student }, i) => {
      const query = embedded(store, `query.${i}`, student, width);
      const product = (key: Tensor) => ops.reduceSum(ops.mul(query, key), { axes: [1], keepdims: true });
      const attention = ops.softmax(ops.concat(keys.map(product), 1));
      const distances = pairs.map(({ teacher }, j) => distance(store, `regressor.${i}.${j}`, student, teacher));
      return ops.reduceSum(ops.mul(attention, ops.concat(distances, 1)));
    });
    return ops.div(
      losses.reduce((a, b) => ops.add(a, b)),
      samples * layers,
    );
  },
};
