import { z } from "zod";
import { imageChange } from "../augmentation.js";
import type { Scheme } from "./scheme.js";

const scale = (text: string) =>
  z
    .tuple([z.number().positive().max(1), z.number().positive().max(1)])
    .refine(([low, high]) => low <= high, "scale must rise")
    .meta({ description: `Least and largest share of the image's area in ${text}, which are enlarged to its size.` });

const temperature = (text: string) => z.number().positive().meta({ description: text });

const options = z.strictObject({
  labels: z.int().positive().optional().meta({
    description:
      "How many images' labels are known, drawn by class; all others serve as images alone. The baseline learns from the same ones. Default: all that have one.",
  }),
  frozen: z.boolean().default(false).meta({
    description: "Whether labels train the last layer alone (a linear probe). Default: the whole network.",
  }),
  epochs: z.int().positive().default(100).meta({ description: "Passes over all images without labels." }),
  batchSize: z.int().min(2).default(64).meta({ description: "Images of one step without labels." }),
  learningRate: z.number().positive().default(0.0005).meta({
    description:
      "Peak learning rate without labels, of AdamW. It climbs over a tenth of the epochs, then falls by a cosine.",
  }),
  weightDecay: z
    .number()
    .min(0)
    .default(0.04)
    .meta({ description: "Of the same steps; it stays. Published: 0.04 to 0.4." }),
  locals: z.int().min(0).max(12).default(4).meta({
    description:
      "Views of small parts of an image, which the student alone sees, beside two of large parts. Published: 6 to 10.",
  }),
  globalScale: scale("views of large parts").default([0.4, 1]),
  localScale: scale("views of small parts").default([0.05, 0.4]),
  augment: z.array(imageChange).default([]).meta({
    description: "Further changes to each view. Published: flips, color jitter, blur, solarization.",
  }),
  hidden: z.int().positive().default(256).meta({ description: "Width of the head's hidden layers. Published: 2048." }),
  bottleneck: z.int().positive().default(64).meta({ description: "Width before the prototypes. Published: 256." }),
  prototypes: z.int().min(2).default(512).meta({ description: "How many there are. Published: 65,536." }),
  studentTemperature: temperature("The student's.").default(0.1),
  teacherTemperature: temperature("The teacher's, once it is warm.").default(0.07),
  firstTeacherTemperature: temperature("The teacher's in the first step.").default(0.04),
  warmUp: z.number().min(0).max(1).default(0.3).meta({
    description: "Share of the epochs in which the teacher's temperature climbs.",
  }),
  momentum: z.number().min(0).max(1).default(0.996).meta({
    description: "What the first step leaves of the moving average of weights; it climbs to 1 by a half cosine.",
  }),
  centerMomentum: z.number().min(0).lt(1).default(0.9).meta({ description: "What a step leaves of the center." }),
  frozenEpochs: z.int().min(0).default(1).meta({ description: "Epochs in which the prototypes stay as they are." }),
});

/** What a recipe may say of {@link dino}. */
export type DinoOptions = z.output<typeof options>;

/** The student learns from images without labels, and then from some with labels. */
export const dino: Scheme<DinoOptions> = {
  name: "dino",
  description:
    "The student first learns from images without labels, by the moving average of its own weights; then from those with labels.",
  wiring:
    "first one training graph holds the student and its moving average, both without the last layer and with a projection head behind; the average sees two large parts of an image, the student these and small parts; each view of the student learns to answer as the average answers to another view; the average's answers are centered, sharpened and detached, and no label is there; the center is a moving mean of them; then the features of the average are the student's first values, the head is gone, and the student learns from the labelled images alone, as its baseline does from drawn values",
  use: "Where few of many images are labelled, and there is no teacher. It takes many passes over the images. Watch `teacher-entropy` and `kl` in metrics.jsonl: where kl goes to 0, answers are the same for all images (collapse).",
  source:
    "Caron, Touvron, Misra, Jégou, Mairal, Bojanowski & Joulin 2021, Emerging Properties in Self-Supervised Vision Transformers (ICCV), algorithm 1 and appendix C; k-nearest-neighbor figures as in Wu et al. 2018",
  needs: [],
  gives: ["labels", "targets", "student features", "sample indices", "memory bank", "progress", "same-class pair"],
  pretrains: true,
  mentor: "images without labels",
  terms: [{ loss: "cross-entropy" }],
  options,
  recipe:
    "scheme:\n  name: dino\n  labels: 300\n  epochs: 100\n  augment: [{ name: flip }]\ndistill: # the default: what the labelled images are learned by\n  - { loss: cross-entropy }",
  recorded:
    "recipes/dino.yaml: with 100 labels 440.0 ± 4.6 errors of 2,000, these labels alone 444.3 ± 7.4: no difference; nearest neighbors by its features, before any label, 683.3 ± 22.1, by the untrained network's 917.3 ± 53.8",
};
