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
