import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { pytorchDefault } from "../../models/initial.js";
import { featurePair, requireSamples, rows } from "../features.js";
import type { Loss, LossStore } from "../loss.js";

const options = z.strictObject({
  dimensions: z.int().positive().default(128).meta({ description: "Width of the common embedding." }),
});

/** A trained linear map of flattened features into the common space. */
function embed(store: LossStore, name: string, x: Tensor, dimensions: number): Tensor {
  const flat = rows(x);
  const shape = [dimensions, flat.shape[1]!];
  const weight = store.parameter(`${name}.weight`, shape, pytorchDefault(shape));
  return ops.linear(flat, weight, store.parameter(`${name}.bias`, [dimensions], pytorchDefault(shape)));
}

/** Correlation congruence as the authors' shared code has it, which is not the formula of the paper: see `cc`. */
export const ccNeighbors: Loss<z.infer<typeof options>> = {
  name: "cc-neighbors",
  family: "relation",
  description: "Where embeddings of student and teacher differ, they differ in other features for the next sample.",
  formula:
    "d_i = absolute difference of two learned linear embeddings of sample i; product of d_i and d_(i+1), summed over features, averaged over neighbors in the batch",
  use: "To compare with published tables that used the authors' code; otherwise take cc.",
  source:
    "Peng et al. 2019, Correlation Congruence for Knowledge Distillation, as in the authors' code that RepDistiller carries; weight 0.02",
  needs: ["features", "adapters"],
  options,
  weight: 0.02,
  recipe: "- { loss: cc-neighbors, student: relu2, teacher: relu2, weight: 0.02 }\n- { loss: cross-entropy }",
  compute: (context, { dimensions }) => {
    const pair = featurePair(context);
    requireSamples(pair, 2);
    const samples = pair.student.shape[0]!;
    const student = embed(context.store!, "student", pair.student, dimensions);
    const teacher = embed(context.store!, "teacher", pair.teacher, dimensions);
    const difference = ops.abs(ops.sub(student, teacher));
    const first = ops.slice(difference, [0], [samples - 1], [0]);
    const second = ops.slice(difference, [1], [samples], [0]);
    return ops.div(ops.reduceSum(ops.mul(first, second)), samples - 1);
  },
};
