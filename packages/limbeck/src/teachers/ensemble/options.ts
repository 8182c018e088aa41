import { z } from "zod";

const describe = (description: string) => ({ description });

/** How a recipe says that several teachers become one. */
export const ensembleFields = {
  combine: z
    .enum(["mean", "weighted", "confidence", "correctness"])
    .default("mean")
    .meta(
      describe(
        "How members' probabilities are weighed: all the same; by the numbers in weights; for each sample by confidence (inverse perplexity); or, where soft targets are made, by the probability that a member gives to the label.",
      ),
    ),
  weights: z
    .array(z.number().positive())
    .optional()
    .meta(describe("With combine: weighted, one number for each member; only their ratios count.")),
  temperature: z
    .number()
    .positive()
    .default(1)
    .meta(
      describe(
        "Temperature at which the members' distributions are mixed. Use that of the terms to learn exactly from the mean of softened distributions.",
      ),
    ),
};

const rule = z.strictObject(ensembleFields);

/** How several teachers become one. */
export type EnsembleRule = z.output<typeof rule>;
