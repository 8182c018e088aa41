import { type RememberingOptions, rememberingOptions, withRememberedImages } from "./generated-memory.js";
import type { Scheme } from "./scheme.js";

/** A new generator for each batch, whose images are to differ from all that were made before. */
export const cmi: Scheme<RememberingOptions> = {
  ...withRememberedImages,
  name: "cmi",
  description:
    "Data-free: a new generator is trained for each batch of images, with the aims of deep-inversion, and so that images differ from those before.",
  wiring:
    "two programs take turns over one state: a generator, its latent vectors and a small head are trained through the frozen teacher (and, where differences count, the student), towards a class for each image, the running statistics of the teacher's batch normalizations, and details that the head can tell from those of other images; after some iterations the images and what the teacher saw in them stay in a memory, and the next batch has a generator, latent vectors and slots of its own; the head is trained on; the student learns from the teacher's answers to finished batches, which no gradient reaches. The baseline is the same student, taught by the same teacher on random noise with as many steps",
  use: "Where deep-inversion's images are too much alike, or too few: a generator makes smoother ones from the start. The teacher must have its batch normalizations. Each batch costs `iterations` steps with two passes through the teacher: fast-dfkd takes a twentieth.",
  source:
    "Fang et al. 2021, Contrastive Model Inversion for Data-Free Knowledge Distillation (IJCAI), and the authors' code: Adam (0.5, 0.999) with 0.001, 200 steps, contrast 0.8 at temperature 0.1, statistics 1, oneHot 0.5, adversarial 0.5 on images of one opinion, kd at temperature 20. Simplified: the generator is that of dfad, shifts are those of deep-inversion, a batch is kept as its last step saw it and not as its best one, and details are not mirrored",
  terms: [{ loss: "kd", temperature: 20 }],
  options: rememberingOptions({
    iterations: [100, 200],
    meta: false,
    generatorLearningRate: 0.001,
    latentLearningRate: 0.001,
    contrast: 0.8,
    weights: { adversarial: 0.5, oneHot: 0.5, statistics: 1 },
  }),
  recipe:
    "scheme: { name: cmi, mean: 0.1307, std: 0.3081 }\nteacher: { onnx: resnet.onnx } # with its BatchNormalization nodes\nstudent:\n  model: { family: lenet }\n  train: { epochs: 100, batchSize: 128 } # of 50 rounds: a new batch every 2 epochs",
  recorded:
    "recipes/cmi.yaml: 499 errors of 2,000 digits, on random noise 1,811, on pictures of clothing 1,225; the teacher 49. One seed",
};
