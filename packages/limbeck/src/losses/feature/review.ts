import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { convolve, normalizeBatch } from "../adapters.js";
import { featurePairs, requireRank, requireSamples, squaredError } from "../features.js";
import type { FeaturePair, Loss, LossStore } from "../loss.js";
import { adaptiveAveragePool, asMaps } from "../spatial.js";

const options = z.strictObject({
  channels: z.int().positive().optional().meta({
    description:
      "Channels in which features of several layers are fused. Default: those of the student's last tap, 512 at most.",
  }),
});

const MOST_CHANNELS = 512;
/** Sides to which maps are pooled, from fine to coarse; each counts half of the one before. */
const LEVELS = [4, 2, 1];

const size = ({ shape }: Tensor) => [shape[2]!, shape[3]!] as const;

function resized(x: Tensor, [height, width]: readonly [number, number]): Tensor {
  return x.shape[2] === height && x.shape[3] === width ? x : ops.interpolate(x, { size: [height, width] });
}

function normalized(store: LossStore, name: string, x: Tensor, out: number, kernel: number): Tensor {
  return normalizeBatch(store, `${name}.1`, convolve(store, `${name}.0`, x, out, kernel, false));
}

/** Attention-based fusion of one layer with what the deeper ones have come to. */
function fuse(store: LossStore, name: string, own: Tensor, deeper: Tensor): Tensor {
  const other = resized(deeper, size(own));
  const weights = ops.sigmoid(convolve(store, name, ops.concat([own, other], 1), 2, 1));
  const [first, second] = [0, 1].map((i) => ops.slice(weights, [i], [i + 1], [1]));
  return ops.add(ops.mul(own, first!), ops.mul(other, second!));
}

/** Hierarchical context loss: squared differences at full size and pooled, summed over channels, averaged over places. */
function contextLoss(student: Tensor, teacher: Tensor): Tensor {
  const [height, width] = size(student);
  let loss = ops.div(squaredError(student, teacher), height * width);
  let [share, total] = [1, 1];
  for (const side of LEVELS.filter((level) => level < Math.min(height, width))) {
    share /= 2;
    total += share;
    const [ours, theirs] = [student, teacher].map((x) => adaptiveAveragePool(x, side, side));
    loss = ops.add(loss, ops.mul(squaredError(ours!, theirs!), share / (side * side)));
  }
  return ops.div(loss, total);
}

function checked(pair: FeaturePair): FeaturePair {
  requireRank(pair, [2, 4], "maps [N, C, H, W] or vectors [N, D]");
  const maps = { student: asMaps(pair.student), teacher: asMaps(pair.teacher) };
  const hasPlaces = [maps.student, maps.teacher].every(({ shape }) => shape[2]! * shape[3]! > 1);
  if (!hasPlaces) requireSamples(pair, 2);
  return maps;
}

/** Knowledge review. */
export const review: Loss<z.infer<typeof options>> = {
  name: "review",
  family: "feature",
  description: "Deeper layers of the student help its earlier ones to tell the teacher's features.",
  formula:
    "from the deepest tap on, the student's features (1×1 convolution) are fused with those of the deeper taps by learned weights of each place, and a 3×3 convolution makes the teacher's of them; squared difference at full size and pooled to 4×4, 2×2 and 1×1 (weights 1, ½, ¼, ⅛ of their sum), summed over channels, averaged over places and samples, summed over taps",
  use: "All stages before ReLU and the averaged features of both networks, beside cross-entropy; channels and sizes may differ. The adapters are as large as a small network. Warm-up is part of the method.",
  source:
    "Chen, Liu, Zhao & Jia 2021, Distilling Knowledge via Knowledge Review, equations 5 and 6; the authors average over channels as well, so that their weights (5 for CIFAR-100, 1 for ImageNet) are to be divided by C, 128 for the default",
  needs: ["pairs of features", "adapters"],
  options,
  weight: 0.04,
  schedule: { kind: "warm-up" },
  recipe:
    "- { loss: review, student: [stage1.preact, stage2.preact, stage3.preact, features], teacher: [stage1.preact, stage2.preact, stage3.preact, features], weight: 0.04 }\n- { loss: cross-entropy }",
  compute: (context, { channels }) => {
    const pairs = featurePairs(context).map(checked).reverse();
    const store = context.store!;
    const inner = channels ?? Math.min(MOST_CHANNELS, pairs[0]!.student.shape[1]!);
    let fused: Tensor | undefined;
    const losses = pairs.map(({ student, teacher }, i) => {
      const own = normalized(store, `abf.${i}.conv1`, student, inner, 1);
      const mixed = resized(fused ? fuse(store, `abf.${i}.att_conv`, own, fused) : own, size(teacher));
      fused = mixed;
      return contextLoss(normalized(store, `abf.${i}.conv2`, mixed, teacher.shape[1]!, 3), teacher);
    });
    return losses.reduce((a, b) => ops.add(a, b));
  },
};
