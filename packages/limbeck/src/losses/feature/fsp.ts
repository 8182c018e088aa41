import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { featurePairs, mismatch, requireRank, squaredError } from "../features.js";
import type { FeaturePair, Loss } from "../loss.js";
import { channelsFirst, toSmallerMaps } from "../spatial.js";

const options = z.strictObject({});

/** Mean over places of the products of all channels of one layer with all of the next, [N, C, C']. */
function flow(from: Tensor, to: Tensor): Tensor {
  const [a, b] = toSmallerMaps(from, to);
  const [first, second] = [channelsFirst(a), channelsFirst(b)];
  return ops.div(ops.matmul(first, ops.swapLast(second)), first.shape[2]!);
}

function requireSameChannels(pair: FeaturePair): void {
  requireRank(pair, [4], "maps [N, C, H, W]");
  if (pair.student.shape[1] === pair.teacher.shape[1]) return;
  throw mismatch(
    pair,
    "fsp compares channel by channel",
    "Tap layers with as many channels, or take at, nst or fitnets.",
  );
}

/** Flow of solution procedure. */
export const fsp: Loss<z.infer<typeof options>> = {
  name: "fsp",
  family: "feature",
  description: "The student gets from one layer to the next as the teacher does.",
  formula:
    "Gram matrix between channels of successive layers, averaged over places; squared difference, summed over pairs of channels and of layers, averaged over samples",
  use: "Networks of one kind with equal channels, two or more taps each, from the input to the output. The paper trains it alone first.",
  source:
    "Yim et al. 2017, A Gift from Knowledge Distillation, equations 1 and 2; RepDistiller averages over pairs of channels, so that its weight 50 is 50 / (C C') here",
  needs: ["pairs of features"],
  options,
  weight: 0.05,
  recipe:
    "- { loss: fsp, student: [stage1, stage2], teacher: [stage1, stage2], weight: 0.05 }\n- { loss: cross-entropy }",
  compute: (context) => {
    const pairs = featurePairs(context);
    pairs.forEach(requireSameChannels);
    if (pairs.length < 2) throw mismatch(pairs[0]!, "fsp needs two taps of each network or more", "Name more taps.");
    const steps = pairs.slice(1).map((next, i) => {
      const before = pairs[i]!;
      return squaredError(flow(before.student, next.student), flow(before.teacher, next.teacher));
    });
    return steps.reduce((a, b) => ops.add(a, b));
  },
};
