import { type RememberingOptions, rememberingOptions, withRememberedImages } from "./generated-memory.js";
import type { Scheme } from "./scheme.js";

/** A generator that learns to begin each batch close to good images. */
export const fastDfkd: Scheme<RememberingOptions> = {
  ...withRememberedImages,
  name: "fast-dfkd",
  description:
    "Data-free: as cmi without contrast, but generators begin where meta-learning has found that a few steps are enough.",
  wiring:
    "two programs take turns over one state: a generator and its latent vectors are trained through the frozen teacher (and, where differences count, the student), towards a class for each image and the running statistics of the teacher's batch normalizations; after a few iterations the images stay in a memory, the values that the batch began with take one step along the sum of its gradients, and the next batch begins with these and new latent vectors; the student learns from the teacher's answers to finished batches, which no gradient reaches. The baseline is the same student, taught by the same teacher on random noise with as many steps",
  use: "Where the teacher has its batch normalizations, and images must not cost hundreds of steps a batch. Later batches profit from earlier ones: give it many.",
  source:
    "Fang et al. 2022, Up to 100x Faster Data-free Knowledge Distillation (AAAI), and the authors' code: FOMAML by Adam (0.5, 0.999), 2 to 10 steps with 0.005 and 0.015 for latent vectors, a step of the first values as large as all of them, statistics 10, oneHot 0.4, adversarial 1.1 on images of one opinion, kd at temperature 20. Simplified: no momentum of batch statistics, no warm-up without a student, the generator is that of dfad, shifts are those of deep-inversion, and a batch is kept as its last step saw it and not as its best one",
  terms: [{ loss: "kd", temperature: 20 }],
  options: rememberingOptions({
    iterations: [5, 10],
    meta: true,
    generatorLearningRate: 0.005,
    latentLearningRate: 0.015,
    contrast: 0,
    weights: { adversarial: 1.1, oneHot: 0.4, statistics: 10 },
  }),
  recipe:
    "scheme: { name: fast-dfkd, mean: 0.1307, std: 0.3081 }\nteacher: { onnx: resnet.onnx } # with its BatchNormalization nodes\nstudent:\n  model: { family: lenet }\n  train: { epochs: 40, batchSize: 128 } # of 50 rounds: ten batches of images in each",
  recorded:
    "recipes/fast-dfkd.yaml: 237 errors of 2,000 digits, on random noise 1,811, on pictures of clothing 1,462; the teacher 49; deep-inversion through the same teacher 1,200. One seed",
};
