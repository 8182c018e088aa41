import { ops } from "@limbeck/graph";
import { z } from "zod";
import type { Loss } from "../loss.js";
import { sumPerSampleMean } from "../reduce.js";

const options = z.strictObject({});

/** Squared distance between logits. `torch.nn.MSELoss` also divides by the number of classes: its weights are K times this one's. */
export const logitMse: Loss<z.infer<typeof options>> = {
  name: "logit-mse",
  family: "response",
  description: "The student's outputs equal the teacher's.",
  formula:
    "squared differences between the student's and the teacher's logits, summed over classes, averaged over samples",
  use: "Outputs that are no probabilities, two classes, students of another kind (such as recurrent ones), tabular data. It is kd's limit for high temperatures, but for the mean of the logits and a constant.",
  source:
    "Ba & Caruana 2014, Do Deep Nets Really Need to be Deep?; Kim et al. 2021, Comparing Kullback-Leibler Divergence and Mean Squared Error Loss in Knowledge Distillation (IJCAI)",
  needs: ["teacher logits"],
  everyClass: true,
  options,
  recipe: "- { loss: logit-mse, weight: 0.1 }",
  compute: ({ logits, teacherLogits }) => {
    const difference = ops.sub(logits, ops.detach(teacherLogits!));
    return sumPerSampleMean(ops.mul(difference, difference));
  },
};
