import { z } from "zod";
import { dataFree, madeImagesOptions } from "./data-free.js";
import { memoryOptions, moveOptions } from "./memory.js";
import type { Scheme } from "./scheme.js";

const options = z.strictObject({
  ...memoryOptions(100, 2000),
  imageLearningRate: z.number().positive().default(0.1).meta({
    description: "Of the images (Adam), counted in their standard deviations.",
  }),
  ...madeImagesOptions(
    { studentSteps: 1, difference: "js", weights: { adversarial: 0, oneHot: 1, statistics: 10 } },
    "images",
  ),
  totalVariation: z.number().min(0).default(4e-4).meta({
    description: "Weight of neighboring pixels that are alike, in four directions. For each image; see the source.",
  }),
  l2: z.number().min(0).default(0).meta({
    description: "Weight of pixels that are close to the mean: the length of an image, counted in deviations.",
  }),
  clip: z.boolean().default(true).meta({
    description: "Whether pixels are cut off at black and white after each step. Published: for ImageNet.",
  }),
  ...moveOptions,
});

/** What a recipe says of deep inversion. */
export type InversionOptions = z.infer<typeof options>;

/** Images are made of noise, so that the teacher's batch normalizations take them for training images. */
export const deepInversion: Scheme<InversionOptions> = {
  ...dataFree,
  name: "deep-inversion",
  mentor: "the synthesized images",
  maker: (samples) =>
    `All of its ${samples} were made of noise by gradient descent through the teacher, each for a class of its own`,
  description:
    "Data-free: images are made of noise until the teacher sees their classes, and its batch normalizations the statistics of its training images.",
  wiring:
    "two programs take turns over one state: the pixels of a batch are trained through the frozen teacher (and, where differences count, the student), towards a class for each image and the running statistics of all batch normalizations of the teacher; after some iterations the batch stays in a memory and the next one begins as noise, with the optimizer's slots at zero; the student learns from the teacher's answers to finished batches, which no gradient reaches; no training image is seen. The baseline is the same student, taught by the same teacher on random noise with as many steps",
  use: "Where the teacher has batch normalizations with running statistics, as most convolutional networks have in training, and none of its images are left. An ONNX file must be exported with them: see above. Each batch costs many steps through the teacher, so that few images are made: short runs have been far from their teacher. On small images try dfad or fast-dfkd first. adversarial (with js) is the paper's adaptive competition. Where the statistics are gone, take dfad.",
  source:
    "Yin et al. 2020, Dreaming to Distill: Data-free Knowledge Transfer via DeepInversion (CVPR), section 3, and the authors' code for CIFAR-10: Adam with 0.1, 2000 iterations, weight 100 of statistics, total variation 2.5e-5. There total variation and l2 are lengths over the whole batch, here means over images: weights are multiplied by the root of the batch size, 256. Images are counted in standard deviations around the mean, as theirs; student and images take turns, where theirs are made before",
  terms: [{ loss: "kd", temperature: 4 }],
  options,
  recipe:
    "scheme: { name: deep-inversion, mean: [0.49, 0.48, 0.45], std: [0.25, 0.24, 0.26], flip: true }\nteacher: { onnx: resnet.onnx } # with its BatchNormalization nodes\nstudent:\n  model: { family: resnet, depth: 8 }\n  train: { epochs: 100, batchSize: 128 } # of 50 rounds: a new batch every 2 epochs",
  recorded:
    "recipes/deep-inversion.yaml: 1,200 errors of 2,000 digits, on random noise 1,811, on pictures of clothing 1,463; the teacher 49. One seed: far from its teacher",
};
