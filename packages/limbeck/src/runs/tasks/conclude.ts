import type { TaskResults } from "../../evaluate/results.js";
import { renderReport } from "../../report/report.js";
import type { RunContext, TrainedArm, TrainedTeachers } from "../context.js";
import { concludeEmbeddings } from "../embedding/conclude.js";
import { evaluateRun } from "../evaluation.js";
import { reportData } from "../report.js";

/** What a run is worth. */
export interface Conclusion {
  readonly results: TaskResults;
  /** The report, as an HTML document. */
  readonly report: () => Promise<string>;
}

type Conclude = (context: RunContext, teachers: TrainedTeachers, arms: readonly TrainedArm[]) => Promise<Conclusion>;

const concludeClasses: Conclude = async (context, teachers, arms) => {
  const evaluation = await evaluateRun(context, teachers, arms);
  return { results: evaluation.results, report: () => renderReport(reportData(context, evaluation)) };
};

/** By task. */
const CONCLUSIONS: Readonly<Record<string, Conclude>> = {
  "image-classification": concludeClasses,
  embedding: concludeEmbeddings,
};

/** Measures all that a run has trained. */
export const conclude: Conclude = (context, ...trained) => CONCLUSIONS[context.recipe.task.name]!(context, ...trained);
