import { z } from "zod";
import type { Scheme } from "./scheme.js";

const options = z.strictObject({
  exits: z.array(z.string().min(1)).min(1).optional().meta({
    description:
      "Taps of the student behind which there is an exit, from the input on. Default: its stages, blocks or layers before the last.",
  }),
  hint: z.number().min(0).default(1e-6).meta({
    description:
      "Weight of the squared distance between each exit's features and the deepest ones, summed over features.",
  }),
});

/** Be your own teacher: a network's deepest exit teaches its earlier ones. */
export const earlyExits: Scheme<z.infer<typeof options>> = {
  name: "early-exits",
  description: "The student's earlier stages get exits of their own, which its deepest answer teaches.",
  wiring:
    "one network with a small head behind each exit's tap (averages over 2 × 2 places down to 8 × 8, a 1 × 1 convolution to the width of the deepest features, batch normalization, ReLU, the average over places and a linear layer); a term on labels is every exit's, the deepest included; a term on a teacher's answers compares each exit with the deepest one, whose answers and features are detached, so that it never learns from its own exits",
  use: "Where most samples are easy and time counts: an answer that is sure enough early saves the rest of the network. It also trains the earlier stages directly, which often helps the deepest exit.",
  source:
    "Zhang, Song, Gao, Chen, Bao & Ma 2019, Be Your Own Teacher: Improve the Performance of Convolutional Neural Networks via Self Distillation (ICCV); weights of the public code, α = 0.1, T = 3, β = 1e-6",
  needs: [],
  gives: ["labels", "teacher logits"],
  mentor: "early exits",
  terms: [
    { loss: "cross-entropy", weight: 0.9 },
    { loss: "kd", temperature: 3, weight: 0.1 },
  ],
  options,
  recipe:
    "scheme: early-exits # or { name: early-exits, exits: [stage1, stage2] }\ndistill: # the default\n  - { loss: cross-entropy, weight: 0.9 }\n  - { loss: kd, temperature: 3, weight: 0.1 }",
  recorded:
    "recipes/early-exits.yaml: 87.3 ± 2.5 errors of 2,000, without early exits 97.3 ± 9.1: no clear difference; leaving as soon as an exit is sure to 0.8, 61 % of the multiplications give 95.55 % right instead of 95.63 %",
};
