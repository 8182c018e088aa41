import { z } from "zod";

const side = z.int().min(1).max(4096);

/** What a recipe says of samples that the program gives. */
export const iterableFields = {
  iterable: z.string().min(1).meta({
    description: "What the samples are, for people: the program gives them, as distill(recipe, { samples }).",
  }),
  shape: z
    .tuple([z.union([z.literal(1), z.literal(3)]), side, side])
    .optional()
    .meta({
      description: "Of images: [channels, height, width]. Default: samples are rows of numbers.",
    }),
  classes: z.array(z.string().min(1)).min(2).max(256).optional().meta({
    description: "Names of the classes, in order. Default: the labels that come, sorted.",
  }),
};

const fields = z.object(iterableFields);

export type IterableOptions = Readonly<z.output<typeof fields>>;
