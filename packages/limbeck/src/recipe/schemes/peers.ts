import { z } from "zod";
import { modelChoice } from "../choice.js";

/** Option of schemes in which several models learn. */
export const peersOption = z.array(modelChoice).min(1).max(7).optional().meta({
  description: "Models that learn beside the student, of any architectures. Default: one like the student.",
});

/** Option of schemes in which models may see a sample differently. */
export const viewsOption = z.enum(["own", "shared"]).default("own").meta({
  description:
    "Whether each model sees an augmented image in a view of its own, or all see the same one; images are mixed alike for all.",
});
