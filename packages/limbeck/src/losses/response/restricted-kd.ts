import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { divergenceOfRows, softened, temperatureOption, timesSquare } from "../divergence.js";
import type { Loss, SpecialistAnswer } from "../loss.js";
import { sumPerSampleMean } from "../reduce.js";

const options = z.strictObject({ temperature: temperatureOption(4) });

/** T² times the shared mean of KL(specialist ‖ student over the specialist's classes alone). */
export const restrictedKd: Loss<z.infer<typeof options>> = {
  name: "restricted-kd",
  family: "response",
  description: "Each specialist's softened probabilities are matched among its own classes alone.",
  formula:
    "T² times the sum over specialists of their share of the sample times the Kullback-Leibler divergence of softmax(the student's logits of its classes / T) from softmax(specialist / T), averaged over samples",
  use: "Teachers that know some classes each. It tells the classes of one set apart and says nothing of which set a sample belongs to: add cross-entropy, or kd, which learns from the specialists' merged answers. With one teacher of all classes it is kd.",
  source:
    "Hinton, Vinyals & Dean 2015, Distilling the Knowledge in a Neural Network, section 5.3; Vongkulbhisal, Vinayavekhin & Visentini-Scarzanella 2019, Unifying Heterogeneous Classifiers with Distillation (CVPR)",
  needs: ["teacher logits"],
  options,
  recipe: "- { loss: restricted-kd, temperature: 2, weight: 0.25 }\n- { loss: cross-entropy }",
  compute: ({ logits, teacherLogits, specialists }, { temperature }) => {
    const rows = (student: Tensor, teacher: Tensor) =>
      divergenceOfRows(softened(ops.detach(teacher), temperature), softened(student, temperature));
    const restricted = ({ classes, logits: own, logShare }: SpecialistAnswer) => {
      const among = ops.gather(logits, logits.graph.ints(classes), 1);
      return ops.mul(ops.exp(ops.detach(logShare)), ops.unsqueeze(rows(among, own), [1]));
    };
    const all = specialists
      ? specialists.map(restricted).reduce((a, b) => ops.add(a, b))
      : rows(logits, teacherLogits!);
    return timesSquare(sumPerSampleMean(all), temperature);
  },
};
