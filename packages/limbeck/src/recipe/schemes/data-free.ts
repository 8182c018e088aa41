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

const pixels = {
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
export const DIFFERENCES = ["l1", "kl", "js", "agreed-kl"] as const;

/** Which of a teacher's batch normalizations have to be there for images to be compared with them. */
export const NORMALIZATIONS = ["all", "found"] as const;

/** What images may be made for, each with a weight. */
const AIMS = {
  adversarial: "Weight of images on which student and teacher differ.",
  oneHot: "Weight of images of which the teacher is sure.",
  statistics:
    "Weight of images whose batches have, inside of the teacher, the means and variances that its batch normalizations have seen in training. 0: these are not looked at.",
  activation: "Weight of images that excite what the teacher's last layer reads.",
  entropy: "Weight of batches in which all classes are equally frequent.",
} as const;

type Aim = keyof typeof AIMS;

/** Weight of an aim. */
function aim(name: Aim, usual: number) {
  return z.number().min(0).default(usual).meta({ description: AIMS[name] });
}

/** Defaults that differ from method to method. */
interface Published {
  readonly studentSteps: number;
  readonly difference: (typeof DIFFERENCES)[number];
  readonly weights: Readonly<Record<"adversarial" | "oneHot" | "statistics", number>>;
}

/** Options of all schemes whose images are made through the teacher. @param turn what takes turns with the student */
export function madeImagesOptions({ studentSteps, difference, weights }: Published, turn: string) {
  return {
    studentSteps: positive()
      .default(studentSteps)
      .meta({ description: `Steps of the student for one of the ${turn}.` }),
    rounds: positive()
      .default(50)
      .meta({ description: `Rounds of student and ${turn} in an epoch.` }),
    ...pixels,
    adversarial: aim("adversarial", weights.adversarial),
    difference: z.enum(DIFFERENCES).default(difference).meta({
      description:
        "How that is measured: l1 between logits, the divergence (kl) of the student's probabilities from the teacher's, that of both from their mean (js), or kl of those images alone that both take for the same class (agreed-kl).",
    }),
    oneHot: aim("oneHot", weights.oneHot),
    statistics: aim("statistics", weights.statistics),
    normalization: z.enum(NORMALIZATIONS).default("all").meta({
      description:
        "Which statistics are compared: all, and a teacher some of whose batch normalizations look folded away is refused; or those that are found.",
    }),
    related: z
      .enum(Object.keys(NAMED_DATASETS) as [DatasetName, ...DatasetName[]])
      .optional()
      .meta({
        description:
          "A further control: the same student, taught on this data set's images in place of generated ones.",
      }),
  };
}

interface PublishedGenerator extends Published {
  readonly eps: number;
  readonly generatorLearningRate: number;
  readonly weights: Readonly<Record<Aim, number>>;
}

/** Options of what a generator is made of. */
export function networkOptions(eps: number) {
  return {
    network: z.enum(["maps", "dense"]).optional().meta({
      description:
        "What the generator is made of: convolutions over maps, or dense layers. Default: maps for images, dense for rows.",
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
  };
}

/** Options of a scheme in which a generator makes the images. */
export function generatorOptions(published: PublishedGenerator) {
  const { eps, generatorLearningRate, weights } = published;
  const { network, ...layers } = networkOptions(eps);
  return z.strictObject({
    network,
    correlated: z.boolean().default(true).meta({
      description: "Of rows: multiply what the generator makes with the moments' correlations.",
    }),
    ...layers,
    generatorLearningRate: z.number().positive().default(generatorLearningRate).meta({
      description:
        "Of the generator (Adam); it falls as the student's does: a student that slows down alone is left behind.",
    }),
    ...madeImagesOptions(published, "generator"),
    activation: aim("activation", weights.activation),
    entropy: aim("entropy", weights.entropy),
  });
}

/** What a recipe says of any data-free scheme. */
export type DataFreeOptions = Omit<
  GeneratorOptions,
  "network" | "width" | "latent" | "eps" | "generatorLearningRate" | GeneratorAim
> &
  Partial<Pick<GeneratorOptions, GeneratorAim>>;

type GeneratorAim = "activation" | "entropy";

/** What it says of one with a generator. */
export type GeneratorOptions = z.infer<ReturnType<typeof generatorOptions>>;

/** What all these schemes say of themselves. */
export const dataFree = { needs: ["teacher"], gives: ["teacher logits"], images: "generated" } as const;

/** What those say of themselves that have a generator. */
export const withGenerator = {
  ...dataFree,
  mentor: "the generator",
  maker: (samples: string) => `A generator made all of its ${samples}, and the teacher answered them`,
  wiring:
    "two programs take turns over one state: the student learns from the teacher's answers to the generator's images, detached, and the generator learns through the frozen teacher and the student; no training image is seen. The baseline is the same student, taught by the same teacher on random noise with as many steps",
} as const;
