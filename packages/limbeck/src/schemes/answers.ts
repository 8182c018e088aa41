import type { Graph, Tensor } from "@limbeck/graph";
import { labelShares } from "../losses/labels.js";
import type { LossContext } from "../losses/loss.js";
import type { ForwardResult } from "../models/model.js";
import { mergedLogits, takeApart, weighedAnswers } from "../teachers/specialists/merge.js";
import { widthOfAnswers } from "../teachers/specialists/options.js";
import type { LiveTeacher } from "./live-teacher.js";

/** Who answers, and to what. */
interface Asked {
  /** Its forward pass in the graph; without it answers are fed. */
  readonly teacher: ForwardResult | undefined;
  readonly liveTeacher: LiveTeacher | undefined;
  readonly batchSize: number;
  readonly classes: number;
}

type Answers = Pick<LossContext, "specialists"> & { readonly teacherLogits: Tensor };

/** What terms see of a teacher's answers. Those of specialists are weighed and merged, by labels where these are given. */
export function teacherAnswers(
  graph: Graph,
  { teacher, liveTeacher, batchSize, classes }: Asked,
  labels: Pick<LossContext, "labels" | "mixed">,
): Answers {
  const known = liveTeacher?.specialists;
  const width = known ? widthOfAnswers(known) : (liveTeacher?.width ?? classes);
  const teacherLogits = teacher?.logits ?? graph.input("teacherLogits", "float32", [batchSize, width]);
  if (!known) return { teacherLogits };
  const shares = labels.labels && labelShares(labels, classes);
  const specialists = weighedAnswers(takeApart(teacherLogits, known), known, shares);
  return { specialists, teacherLogits: mergedLogits(specialists, classes) };
}
