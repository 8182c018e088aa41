import { type GeneratorOptions, generatorOptions, withGenerator } from "./data-free.js";
import type { Scheme } from "./scheme.js";

/** The generator looks for images on which the student's probabilities are wrong. */
export const zskt: Scheme<GeneratorOptions> = {
  ...withGenerator,
  name: "zskt",
  description:
    "Data-free: as dfad, but differences are those of probabilities, and the student has ten steps for one of the generator.",
  use: "As dfad, where logits of teacher and student cannot be compared, only their probabilities. A divergence that is small gives the generator small gradients: try dfad first.",
  source:
    "Micaelli & Storkey 2019, Zero-shot Knowledge Transfer via Adversarial Belief Matching (NeurIPS), algorithm 1, without its attention transfer, whose generator is that of dfad here; the authors' rates: 0.002 and 0.001 (Adam), and both fall",
  terms: [{ loss: "kd", temperature: 1 }],
  options: generatorOptions({
    studentSteps: 10,
    eps: 1e-5,
    generatorLearningRate: 0.001,
    difference: "kl",
    weights: { adversarial: 1, oneHot: 0, statistics: 0, activation: 0, entropy: 0 },
  }),
  recipe:
    "scheme: { name: zskt, mean: 0.1307, std: 0.3081 }\nteacher: { onnx: teacher.onnx }\nstudent:\n  model: { family: lenet, width: 0.5 }\n  train: { epochs: 40, learningRate: 0.002 }",
  recorded:
    "recipes/zskt.yaml (MNIST, one seed): 96.24 % from generated images, 54.33 % from random noise, 92.66 % from pictures of clothing; the teacher has 99.09 %",
};
