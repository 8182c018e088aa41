import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { requireSameShape, unit } from "../features.js";
import type { Loss } from "../loss.js";

const options = z.strictObject({
  map: z.enum(["magnitude", "gradient"]).default("magnitude").meta({
    description:
      "What is compared: how much each pixel matters (sizes of its gradients, added up over channels), or the gradients themselves.",
  }),
});

/** Saliency of each image as a direction, [N, D]. @param slope [N, C, H, W] */
function direction(slope: Tensor, map: z.infer<typeof options>["map"]): Tensor {
  return unit(ops.flatten(map === "gradient" ? slope : ops.reduceSum(ops.abs(slope), { axes: [1] })), [1]);
}

/** Input-gradient saliency. */
export const saliency: Loss<z.infer<typeof options>> = {
  name: "saliency",
  family: "explanation",
  description: "The student's answer depends on the same pixels as the teacher's.",
  formula:
    "1 - cosine of the saliency maps of student and teacher, averaged over samples; saliency: gradients of the logit of the teacher's most probable class by the pixels",
  use: "Any architecture, beside kd, where cam finds no average over places; no taps, no adapter. The teacher is frozen, and its maps are constants of each step, for the very view that the student sees. The student is trained through its own gradient, by second derivatives: a step takes two to three times as long. ReLU's second derivative is 0.",
  source:
    "Srinivas & Fleuret 2018, Knowledge Transfer with Jacobian Matching, equation 6, whose squared distance of directions is twice this with map: gradient; sizes of gradients as in Simonyan, Vedaldi & Zisserman 2014, Deep Inside Convolutional Networks, section 3; as the explanation of Parchami-Araghi et al. 2024, Good Teachers Explain, equation 2",
  needs: ["input gradients"],
  options,
  recipe: "- { loss: saliency }\n- { loss: kd, temperature: 1 }",
  compute: ({ saliency: slopes }, { map }) => {
    const { student, teacher } = slopes!;
    requireSameShape({ student, teacher }, "Use networks that take the same images.");
    const agreement = ops.mul(direction(student, map), ops.detach(direction(teacher, map)));
    return ops.sub(1, ops.div(ops.reduceSum(agreement), student.shape[0]!));
  },
};
