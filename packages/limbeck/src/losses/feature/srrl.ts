import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { normalizeBatch, pointwise } from "../adapters.js";
import { squaredError } from "../features.js";
import type { Loss } from "../loss.js";

const options = z.strictObject({
  features: z
    .number()
    .min(0)
    .default(0.004)
    .meta({ description: "Weight of the averaged features: the published 1 divided by the teacher's channels." }),
  answers: z
    .number()
    .positive()
    .default(0.05)
    .meta({ description: "Weight of the answers: the published 5 divided by the number of classes." }),
});

const averaged = (maps: Tensor): Tensor => ops.flatten(ops.globalAveragePool(maps));

/** Softmax regression representation learning. */
export const srrl: Loss<z.infer<typeof options>> = {
  name: "srrl",
  family: "feature",
  description:
    "The teacher's own classifier answers as well from the student's adapted features as from the teacher's.",
  formula:
    "squared differences between student and teacher, of feature maps averaged over places, and of the answers that the teacher's linear layer gives to them; summed over channels and classes, averaged over samples; the student's maps go through a 1×1 convolution, batch normalization and ReLU first",
  use: "Networks that end in an average over places and one linear layer, the teacher's maps after ReLU; no taps, no labels. Choose both weights for your channels and classes.",
  source:
    "Yang, Martinez, Bulat & Tzimiropoulos 2021, Knowledge Distillation via Softmax Regression Representation Learning, equations 2 and 5; weights 1 and 5 of averages over channels and classes, as in cls_KD",
  needs: ["linear heads", "adapters"],
  options,
  recipe: "- { loss: srrl }\n- { loss: cross-entropy }",
  compute: ({ heads, store }, { features, answers }) => {
    const { student, teacher } = heads!;
    const [channels, weight] = [teacher.maps.shape[1]!, ops.detach(teacher.weight)];
    const connected = pointwise(store!, "connector", student.maps, channels, false);
    const ours = averaged(ops.relu(normalizeBatch(store!, "norm", connected)));
    const theirs = averaged(ops.detach(teacher.maps));
    const answered = squaredError(ops.linear(ours, weight), ops.linear(theirs, weight));
    return ops.add(ops.mul(squaredError(ours, theirs), features), ops.mul(answered, answers));
  },
};
