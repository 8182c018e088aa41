import { ops } from "@limbeck/graph";
import { z } from "zod";
import type { Loss } from "../loss.js";
import { sumPerSampleMean } from "../reduce.js";

const options = z.strictObject({});

/** Distance between logits. `torch.nn.L1Loss` also divides by the number of classes: its weights are K times this one's. */
export const logitL1: Loss<z.infer<typeof options>> = {
  name: "logit-l1",
  family: "response",
  description: "The student's outputs equal the teacher's, whatever the size of what is missing.",
  formula:
    "absolute differences between the student's and the teacher's logits, summed over classes, averaged over samples",
  use: "Data-free distillation against a generator: its gradient does not vanish as the student comes close, where that of kd does. With real images it is rougher than logit-mse.",
  source: "Fang et al. 2019, Data-Free Adversarial Distillation, equation 3",
  needs: ["teacher logits"],
  options,
  recipe: "- { loss: logit-l1 }",
  compute: ({ logits, teacherLogits }) => sumPerSampleMean(ops.abs(ops.sub(logits, ops.detach(teacherLogits!)))),
};
