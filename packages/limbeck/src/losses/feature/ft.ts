import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { convolve, normalizeBatch } from "../adapters.js";
import { featurePair, requireRank, rows, squaredError, unit } from "../features.js";
import type { Loss, LossStore } from "../loss.js";
import { sumPerSampleMean } from "../reduce.js";
import { toSmallerMaps } from "../spatial.js";

const options = z.strictObject({
  rate: z
    .number()
    .positive()
    .default(0.5)
    .meta({ description: "Channels of a factor, as a share of the teacher's channels." }),
  reconstruction: z
    .number()
    .positive()
    .default(0.001)
    .meta({ description: "Weight of the paraphraser's own loss within this term." }),
});

const SLOPE = 0.1;

const active = (x: Tensor): Tensor => ops.leakyRelu(x, SLOPE);

/** Three 3×3 convolutions with leaky ReLU: the paraphraser's two halves. */
function stack(store: LossStore, name: string, x: Tensor, channels: readonly number[]): Tensor {
  return channels.reduce((input, out, i) => active(convolve(store, `${name}.${i}`, input, out)), x);
}

/** The same with batch normalization. */
function translate(store: LossStore, x: Tensor, channels: readonly number[]): Tensor {
  return channels.reduce((input, out, i) => {
    const plain = convolve(store, `translator.${i}`, input, out, 3, false);
    return active(normalizeBatch(store, `translator.${i}.norm`, plain));
  }, x);
}

/** Factor transfer. */
export const ft: Loss<z.infer<typeof options>> = {
  name: "ft",
  family: "feature",
  description: "A translator of the student's features says the same as a paraphraser of the teacher's.",
  formula:
    "|t / |t| - p / |p|| summed over features, averaged over samples, of the factors t of the translator and p of the paraphraser, plus the paraphraser's squared error in giving the teacher's features back, which trains it alone",
  use: "The last feature maps, one pair of layers. The paper trains the paraphraser beforehand; here it trains in the same steps on its own error, and no gradient of the factors reaches it, so that the first epochs aim at a target that still moves. Factors of different sizes are pooled to the smaller.",
  source:
    "Kim, Park & Kwak 2018, Paraphrasing Complex Network: Network Compression via Factor Transfer, equations 1 to 4 with p = 1; layers as in RepDistiller; the authors average over the factor's features, so that their weight 500 is 500 / (rate · C H W) here",
  needs: ["features", "adapters"],
  options,
  weight: 0.1,
  recipe: "- { loss: ft, student: stage3, teacher: stage3, weight: 0.1 }\n- { loss: cross-entropy }",
  compute: (context, { rate, reconstruction }) => {
    const pair = featurePair(context);
    requireRank(pair, [4], "maps [N, C, H, W]");
    const { student, teacher } = pair;
    const store = context.store!;
    const channels = teacher.shape[1]!;
    const factors = Math.max(1, Math.floor(channels * rate));
    const paraphrased = stack(store, "paraphraser.encoder", teacher, [channels, factors, factors]);
    const restored = stack(store, "paraphraser.decoder", paraphrased, [factors, channels, channels]);
    const translated = translate(store, student, [student.shape[1]!, factors, factors]);
    const [ours, theirs] = toSmallerMaps(translated, ops.detach(paraphrased)).map((x) => unit(rows(x), [1]));
    const difference = sumPerSampleMean(ops.abs(ops.sub(ours!, theirs!)));
    return ops.add(difference, ops.mul(squaredError(restored, teacher), reconstruction));
  },
};
