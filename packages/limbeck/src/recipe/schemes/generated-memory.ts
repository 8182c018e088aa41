import { z } from "zod";
import { dataFree, madeImagesOptions, networkOptions } from "./data-free.js";
import { memoryOptions, moveOptions } from "./memory.js";

/** Defaults of a method whose generator is trained for one batch after the other. */
interface Published {
  readonly iterations: readonly [ours: number, theirs: number];
  readonly meta: boolean;
  readonly generatorLearningRate: number;
  readonly latentLearningRate: number;
  readonly contrast: number;
  readonly weights: Readonly<Record<"adversarial" | "oneHot" | "statistics", number>>;
}

/** Options of a scheme in which a generator is trained for one batch after the other, and their images are kept. */
export function rememberingOptions(published: Published) {
  const { iterations, meta, generatorLearningRate, latentLearningRate, contrast, weights } = published;
  return z.strictObject({
    ...memoryOptions(...iterations),
    meta: z.boolean().default(meta).meta({
      description:
        "Whether a batch's generator begins as what meta-learning has made of the ones before (FOMAML), or as new random numbers.",
    }),
    ...networkOptions(1e-5),
    generatorLearningRate: z.number().positive().default(generatorLearningRate).meta({
      description: "Of the generator within a batch (Adam). Meta-learning takes steps as large as all of a batch.",
    }),
    latentLearningRate: z.number().positive().default(latentLearningRate).meta({
      description: "Of the random numbers that images are made of, which are trained too.",
    }),
    ...madeImagesOptions({ studentSteps: 5, difference: "agreed-kl", weights }, "generator"),
    contrast: z.number().min(0).default(contrast).meta({
      description:
        "Weight of images that differ from each other and from kept ones: a teacher tells them apart by their details. It costs another pass through the teacher.",
    }),
    negatives: z.int().positive().default(512).meta({
      description: "Kept images that those of a batch are to differ from, drawn anew in each step. Published: 4096.",
    }),
    ...moveOptions,
  });
}

/** What a recipe says of such a scheme. */
export type RememberingOptions = z.infer<ReturnType<typeof rememberingOptions>>;

/** What these schemes say of themselves. */
export const withRememberedImages = {
  ...dataFree,
  mentor: "the generated images",
  maker: (samples: string) =>
    `A generator was trained through the teacher for one batch of its ${samples} after the other, each for a class of its own`,
} as const;
