import { ops, type Tensor } from "@limbeck/graph";
import { z } from "zod";
import { featurePair } from "../features.js";
import type { Loss } from "../loss.js";
import { sumPerSampleMean } from "../reduce.js";
import { cosines } from "./gram.js";

const options = z.strictObject({});

/** Keeps the logarithm finite. */
const EPS = 1e-7;

/** Probabilities of choosing a neighbor, one row a sample. */
function neighbors(x: Tensor): Tensor {
  const kernel = ops.mul(ops.add(cosines(x), 1), 0.5);
  return ops.div(kernel, ops.reduceSum(kernel, { axes: [1], keepdims: true }));
}

/** Probabilistic knowledge transfer. */
export const pkt: Loss<z.infer<typeof options>> = {
  name: "pkt",
  family: "relation",
  description: "Each sample has the same probable neighbors in the student's features as in the teacher's.",
  formula:
    "Kullback-Leibler divergence of rows of (cosine + 1) / 2, each row divided by its sum; summed over a row, averaged over rows",
  use: "The best of the cheap relations; any widths, no adapter. The penultimate layer; batches of 32 or more.",
  source:
    "Passalis & Tefas 2018, Learning Deep Representations with Probabilistic Knowledge Transfer, equations 3 to 7; RepDistiller averages over N² numbers, so that its weight 30000 is 30000 / N here: 470 for batches of 64",
  needs: ["features"],
  options,
  weight: 470,
  recipe: "- { loss: pkt, student: relu2, teacher: relu2, weight: 470 }\n- { loss: cross-entropy }",
  compute: (context) => {
    const { student, teacher } = featurePair(context);
    const [q, p] = [neighbors(student), neighbors(teacher)];
    return sumPerSampleMean(ops.mul(p, ops.log(ops.div(ops.add(p, EPS), ops.add(q, EPS)))));
  },
};
