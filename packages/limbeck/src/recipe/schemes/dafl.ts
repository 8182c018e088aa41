import { type GeneratorOptions, generatorOptions, withGenerator } from "./data-free.js";
import type { Scheme } from "./scheme.js";

/** The generator makes images that the teacher takes for its training images. */
export const dafl: Scheme<GeneratorOptions> = {
  ...withGenerator,
  name: "dafl",
  description:
    "Data-free: a generator makes images of which the teacher is sure, that excite it, and that are of all classes.",
  use: "As dfad, where images should look like the teacher's classes; it needs larger batches (512), because classes are balanced within a batch, and a teacher that ends in a linear layer.",
  source:
    "Chen et al. 2019, Data-Free Learning of Student Networks (ICCV), section 3, and the authors' code: log10 in the entropy of the batch's mean, rate 0.2 of the generator for MNIST (0.02 for CIFAR-10, with oneHot 0.05 and activation 0.01)",
  terms: [{ loss: "kd", temperature: 1 }],
  options: generatorOptions({
    studentSteps: 1,
    eps: 0.8,
    generatorLearningRate: 0.2,
    difference: "l1",
    weights: { adversarial: 0, oneHot: 1, statistics: 0, activation: 0.1, entropy: 5 },
  }),
  recipe:
    "scheme: { name: dafl, mean: 0.1307, std: 0.3081, rounds: 120 }\nteacher: { onnx: teacher.onnx }\nstudent:\n  model: { family: lenet, width: 0.5 }\n  train: { epochs: 200, batchSize: 512, learningRate: 0.002 }",
  recorded:
    "recipes/dafl.yaml (MNIST, one seed, 800 of the published 24,000 steps): 89.96 % from generated images, 21.98 % from random noise, 46.34 % from pictures of clothing; the teacher has 99.09 %",
};
