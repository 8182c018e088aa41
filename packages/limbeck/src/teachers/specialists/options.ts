import { z } from "zod";

const describe = (description: string) => ({ description });

/** What a recipe says of a specialist beside what it says of any teacher. */
export const ownershipFields = {
  owns: z
    .array(z.int().min(0))
    .min(2)
    .meta(
      describe(
        "Classes of the data that this teacher knows, in the order of its outputs. If the run trains it, it sees samples of these classes only.",
      ),
    ),
};

/** How a recipe says that specialists become one teacher. */
export const specialistFields = {
  route: z
    .enum(["labels", "confidence", "energy", "even"])
    .default("labels")
    .meta(
      describe(
        "Who answers for a sample: those that own its label; or, without labels, by confidence (inverse perplexity), by the exponentials of logits, or all alike.",
      ),
    ),
};

const rule = z.strictObject(specialistFields);

/** How much each specialist counts for a sample. */
export type Route = z.output<typeof rule>["route"];

/** Teachers that know some classes each, whose answers stand side by side. */
export interface Specialists {
  /** Classes of the data that each knows, in the order of its outputs. */
  readonly owns: readonly (readonly number[])[];
  readonly route: Route;
}

/** How many numbers all specialists answer with together. */
export function widthOfAnswers({ owns }: Specialists): number {
  return owns.reduce((sum, { length }) => sum + length, 0);
}
