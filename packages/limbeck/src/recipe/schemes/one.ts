import { z } from "zod";
import type { Scheme } from "./scheme.js";

const options = z.strictObject({
  branches: z.int().min(2).max(8).default(3).meta({ description: "How many ends the student has in training." }),
  at: z.string().min(1).optional().meta({
    description:
      "The tap at which trunk and branches part. Default: the last one behind which there is more than one layer with weights.",
  }),
});

/** One network with several ends, whose gated ensemble teaches each of them. */
export const one: Scheme<z.infer<typeof options>> = {
  name: "one",
  description:
    "The student has several ends in training, and each learns from the labels and from the gated ensemble of all.",
  wiring:
    "one training graph holds the student's trunk once and its end M times, with first values of their own, and a gate (mean of the trunk's features, linear layer, batch normalization, ReLU, softmax) that weighs the branches' logits for each image; a term on labels is each branch's and the ensemble's, through which gate, branches and trunk learn; a term on a teacher's answers is computed for each branch against the ensemble, detached, and added up; the student is trunk and first branch",
  use: "Where there is no teacher and no time for peers: trunk and data are passed once. The ensemble (`student-ensemble.onnx`) is the better model where its size is no matter. Any family, at any tap that all of a model's pass goes through.",
  source:
    "Lan, Zhu & Gong 2018, Knowledge Distillation by On-the-Fly Native Ensemble (NeurIPS); temperature 3, sigmoid ramp-up of 80 of 300 epochs as in the authors' code",
  needs: [],
  gives: ["labels", "teacher logits"],
  mentor: "its branches",
  terms: [{ loss: "kd", temperature: 3, schedule: { kind: "ramp" } }, { loss: "cross-entropy" }],
  options,
  recipe:
    "scheme:\n  name: one\n  branches: 3\n  at: stage2\nstudent:\n  model: { family: resnet, depth: 20 }\n  train: { epochs: 60 }\ndistill: # the default: the paper's loss\n  - { loss: kd, temperature: 3, schedule: { kind: ramp } }\n  - { loss: cross-entropy }",
  recorded:
    "recipes/one.yaml: 91.3 ± 6.4 errors of 2,000 and 88.3 ± 7.6 of the ensemble, the lone baseline 87.0 ± 10.4: no difference",
};
