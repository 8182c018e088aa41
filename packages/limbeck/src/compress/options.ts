import { z } from "zod";

const share = (value: number) => z.number().min(0).max(1).default(value);

/** How a student learns to run in 8 bits. */
export const quantizeOptions = z
  .strictObject({
    weights: z
      .literal([4, 8])
      .default(8)
      .meta({ description: "Bits of weights; activations have 8. Of 4 bits, weights are -7 … 7, in bytes." }),
    start: share(0.1).meta({
      description: "Share of the training after which numbers are rounded; before, ranges are observed only.",
    }),
    freeze: share(0.9).meta({ description: "Share of the training after which ranges stay as they are." }),
  })
  .refine(({ start, freeze }) => start < 1 && start <= freeze, "start must be below 1, and not after freeze")
  .meta({ description: "Train as if weights and activations were whole numbers, and export them so." });

export type QuantizeTraining = z.infer<typeof quantizeOptions>;

const scheduled = {
  sparsity: z.number().gt(0).lt(1).meta({ description: "Share that is gone in the end." }),
  start: share(0.1).meta({ description: "Share of the training after which pruning begins." }),
  end: share(0.6).meta({ description: "Share of the training after which all is gone that goes: the rest recovers." }),
  updates: z.int().positive().default(50).meta({ description: "In how many steps it goes." }),
};

/** How a student loses weights while it learns. */
export const pruneOptions = z
  .discriminatedUnion("kind", [
    z
      .strictObject({
        kind: z.literal("magnitude"),
        ...scheduled,
        scope: z
          .enum(["global", "layer"])
          .default("global")
          .meta({ description: "Whether the smallest of all weights go, or the same share of each layer's." }),
      })
      .meta({ description: "Single weights, the smallest first: zeros in the file, which compress." }),
    z
      .strictObject({
        kind: z.literal("channels"),
        ...scheduled,
        by: z
          .enum(["l1", "batch-norm"])
          .default("l1")
          .meta({ description: "The sum of a channel's weights by size, or the factor of its batch normalization." }),
      })
      .meta({ description: "Whole channels of each layer: the file has smaller layers." }),
  ])
  .refine(({ start, end }) => start < 1 && start <= end, "start must be below 1, and not after end")
  .meta({ description: "Take weights away while it learns." });

export type PruneTraining = z.infer<typeof pruneOptions>;
