import { z } from "zod";
import type { Scheme } from "./scheme.js";

const options = z.strictObject({});

/** A trained teacher answers, and never changes. */
export const offline: Scheme<z.infer<typeof options>> = {
  name: "offline",
  description:
    "A frozen teacher answers, and the student learns from its answers; or the student learns alone, from labels and itself.",
  wiring:
    "the student alone is trained, on the weighted sum of the terms; the teacher is in its inference form and no gradient reaches it; it answers from a cache of its answers, live where images are augmented, and inside of the training graph where terms look into it",
  use: "Wherever there is a good teacher, or time to train one: the usual scheme, and the only one for an ONNX teacher.",
  source: "Hinton, Vinyals & Dean 2015, Distilling the Knowledge in a Neural Network",
  needs: ["teacher"],
  gives: [
    "labels",
    "teacher logits",
    "features",
    "pairs of features",
    "student features",
    "teacher normalization",
    "linear heads",
    "sample indices",
    "memory bank",
    "progress",
    "same-class pair",
    "input gradients",
    "adapters",
  ],
  mentor: "the teacher",
  options,
  recipe:
    "scheme: offline # the default\nteacher:\n  model: { family: resnet, depth: 20 }\n  train: { epochs: 30 }\ndistill:\n  - { loss: kd, temperature: 4 }",
  recorded: "recipes/digits.yaml, whose result is in recipes/digits.md",
};
