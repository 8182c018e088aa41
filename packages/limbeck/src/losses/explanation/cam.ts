import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { unit } from "../features.js";
import type { LinearHead, Loss } from "../loss.js";
import { toSmallerMaps } from "../spatial.js";

const options = z.strictObject({});

/** Positive part of the activation map of one class for each sample, [N, 1, H, W]. @param classes int64 [N] */
export function classActivation({ maps, weight }: LinearHead, classes: Tensor): Tensor {
  const [samples, channels, height, width] = maps.shape as [number, number, number, number];
  const weights = ops.reshape(ops.gather(weight, classes), [samples, 1, channels]);
  const map = ops.matmul(weights, ops.reshape(maps, [samples, channels, height * width]));
  return ops.relu(ops.reshape(map, [samples, 1, height, width]));
}

/**
 * Explanation-enhanced distillation with Grad-CAM. For an average over places and one linear layer, Grad-CAM is the class
 * activation map up to a factor that cosines do not see, so that no second derivative is needed.
 */
export const cam: Loss<z.infer<typeof options>> = {
  name: "cam",
  family: "explanation",
  description: "The student explains the teacher's answer by the same places of the image.",
  formula:
    "1 - cosine of the class activation maps (positive parts, teacher's most probable class) of student and teacher, averaged over samples",
  use: "Beside kd, for students that are right for the teacher's reasons, most of all with few images. Networks that end in an average over places and one linear layer; no taps, no adapter.",
  source:
    "Parchami-Araghi, Böhle, Rao & Schiele 2024, Good Teachers Explain: Explanation-Enhanced Knowledge Distillation, equations 2 and 3; maps of different sizes are pooled to the smaller, where the authors resize both to the image's",
  needs: ["linear heads", "teacher logits"],
  options,
  recipe: "- { loss: cam }\n- { loss: kd, temperature: 1 }",
  compute: ({ heads, teacherLogits }) => {
    const classes = ops.argMax(teacherLogits!);
    const [student, teacher] = toSmallerMaps(
      classActivation(heads!.student, classes),
      ops.detach(classActivation(heads!.teacher, classes)),
    );
    const agreement = ops.mul(unit(ops.flatten(student), [1]), unit(ops.flatten(teacher), [1]));
    return ops.sub(1, ops.div(ops.reduceSum(agreement), student.shape[0]!));
  },
};
