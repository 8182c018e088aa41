import { ops } from "@limbeck/graph";
import { z } from "zod";
import { labelShares } from "../labels.js";
import type { Loss } from "../loss.js";
import { sumPerSampleMean } from "../reduce.js";

const options = z.strictObject({
  labelSmoothing: z
    .number()
    .min(0)
    .lt(1)
    .default(0)
    .meta({ description: "Share of each target spread evenly over all classes (Szegedy et al. 2016)." }),
});

/** Cross-entropy with hard labels, as `torch.nn.functional.cross_entropy`. */
export const crossEntropy: Loss<z.infer<typeof options>> = {
  name: "cross-entropy",
  family: "response",
  description: "The usual loss on hard labels.",
  formula:
    "minus the log-probability that the student gives the true class, averaged over samples; of mixed images that of both classes, by their shares",
  use: "Beside soft targets wherever there are labels; alone it is training without a teacher.",
  source: "textbook; label smoothing: Szegedy et al. 2016, section 7",
  needs: ["labels"],
  mixes: true,
  options,
  recipe: "- { loss: kd, weight: 0.9 }\n- { loss: cross-entropy, weight: 0.1 }",
  compute: (context, { labelSmoothing }) => {
    const { logits } = context;
    const classes = logits.shape[1]!;
    const hard = labelShares(context, classes);
    const target = labelSmoothing === 0 ? hard : ops.add(ops.mul(hard, 1 - labelSmoothing), labelSmoothing / classes);
    return ops.neg(sumPerSampleMean(ops.mul(ops.logSoftmax(logits), target)));
  },
};
