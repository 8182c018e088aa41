import { z } from "zod";
import { NAMED_DATASETS } from "../../data/named/index.js";

/** Name of the control that learns on real images of something else. */
export const RELATED_DATA = "related-data";

const positive = () => z.int().positive();

/** Where moments are kept that were stored with the teacher. */
export const moments = z.string().min(1).optional().meta({
  description:
    "Of rows: the file of moments that was stored with the teacher. Default: moments of the run's own training part.",
});

const perChannel = (number: z.ZodNumber) => z.union([number, z.array(number).min(1)]);

const statistics = {
  moments,
  mean: perChannel(z.number()).optional().meta({
    description:
      "Mean of the images' pixels (0 to 1), of all channels or of each, as whoever trained the teacher tells it. Default: 0.5; of rows, what the moments say.",
  }),
  std: perChannel(z.number().positive()).optional().meta({
    description: "Their standard deviation. Default: 0.25; of rows, what the moments say.",
  }),
};

type DatasetName = keyof typeof NAMED_DATASETS;

/** How far student and teacher are from each other. */
export const DIFFERENCES = ["l1", "kl"] as const;

/** Defaults that differ from method to method. */
interface Published {
  readonly studentSteps: number;
  readonly eps: number;
  readonly generatorLearningRate: number;
  readonly difference: (typeof DIFFERENCES)[number];
  /** Weights of what the generator is after. */
  readonly weights: Readonly<Record<"adversarial" | "oneHot" | "activation" | "entropy", number>>;
}

/** Options of a scheme in which a generator makes the images. */
export function dataFreeOptions({ studentSteps, eps, generatorLearningRate, difference, weights }: Published) {
  const weight = (name: keyof typeof weights, description: string) =>
    z.number().min(0).default(weights[name]).meta({ description });
  return z.strictObject({
    network: z.enum(["maps", "dense"]).optional().meta({
      description:
        "What the generator is made of: convolutions over maps, or dense layers. Default: maps for images, dense for rows.",
    }),
    correlated: z.boolean().default(true).meta({
      description: "Of rows: multiply what the generator makes with the moments' correlations.",
    }),
    width: positive().default(16).meta({
      description:
        "Channels of the generator's last hidden layer; those before have twice as many. Published: 64. Dense layers have 8 units for each.",
    }),
    latent: positive().default(100).meta({ description: "Random numbers that an image is made of." }),
    eps: z.number().positive().default(eps).meta({
      description:
        "Added to variances where the generator's hidden layers are normalized; a large one holds the generator back.",
    }),
    generatorLearningRate: z.number().positive().default(generatorLearningRate).meta({
      description:
        "Of the generator (Adam); it falls as the student's does: a student that slows down alone is left behind.",
    }),
    studentSteps: positive()
      .default(studentSteps)
      .meta({ description: "Steps of the student for one of the generator." }),
    rounds: positive().default(50).meta({ description: "Rounds of student and generator in an epoch." }),
    ...statistics,
    adversarial: weight("adversarial", "Weight of images on which student and teacher differ."),
    difference: z.enum(DIFFERENCES).default(difference).meta({
      description:
        "How that is measured: l1 between logits, or the divergence (kl) of the student's probabilities from the teacher's.",
    }),
    oneHot: weight("oneHot", "Weight of images of which the teacher is sure."),
    activation: weight("activation", "Weight of images that excite what the teacher's last layer reads."),
    entropy: weight("entropy", "Weight of batches in which all classes are equally frequent."),
    related: z
      .enum(Object.keys(NAMED_DATASETS) as [DatasetName, ...DatasetName[]])
      .optional()
      .meta({
        description:
          "A further control: the same student, taught on this data set's images in place of generated ones.",
      }),
  });
}

/** What a recipe says of a data-free scheme with a generator. */
export type DataFreeOptions = z.infer<ReturnType<typeof dataFreeOptions>>;

/** What all these schemes say of themselves. */
export const dataFree = {
  needs: ["teacher"],
  gives: ["teacher logits"],
  images: "generated",
  mentor: "the generator",
} as const;

/** What all of them do, but for what the generator is after. */
export const DATA_FREE_WIRING =
  "two programs take turns over one state: the student learns from the teacher's answers to the generator's images, detached, and the generator learns through the frozen teacher and the student; no training image is seen. The baseline is the same student, taught by the same teacher on random noise with as many steps";
