import { ops, type Tensor, type TrainingBuffer } from "@limbeck/graph";
import type { Learner } from "./batch-graph.js";

/**
 * How a step carries on the averages of all that is trained; running statistics are the average's own.
 * @param share of a step's weights in the average, a scalar
 */
export function averagesOf(
  student: Pick<Learner, "values">,
  teacher: Pick<Learner, "values" | "buffers">,
  share: Tensor,
): TrainingBuffer[] {
  const carried = new Set(teacher.buffers.map(({ input }) => input));
  return Object.entries(teacher.values)
    .filter(([, average]) => !carried.has(average))
    .map(([name, average]) => {
      const next: TrainingBuffer["next"] = (updated) =>
        ops.add(average, ops.mul(ops.sub(updated(student.values[name]!), average), share));
      return { input: average, next };
    });
}
