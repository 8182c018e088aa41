import { z } from "zod";

/** Options of schemes whose images are improved batch by batch, and kept. */
export function memoryOptions(iterations: number, published: number) {
  return {
    iterations: z
      .int()
      .positive()
      .default(iterations)
      .meta({
        description: `Steps that a batch of images is improved for, before it is kept and the next one begins. Published: ${published}.`,
      }),
    memory: z.int().min(2).default(20).meta({
      description:
        "Batches that are kept, which the student learns from; the oldest one makes room. They are in memory and in the student's checkpoints.",
    }),
  };
}

/** Options of how images are moved before the teacher sees them. */
export const moveOptions = {
  jitter: z.int().min(0).default(2).meta({
    description: "Pixels by which images are shifted at most, anew in each step, before the teacher sees them.",
  }),
  flip: z.boolean().default(false).meta({
    description: "Whether they are also mirrored in half of the steps. Published: true; not for digits and text.",
  }),
};
