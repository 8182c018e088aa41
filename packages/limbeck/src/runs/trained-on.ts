import { sampleName } from "../data/dataset.js";
import type { TrainedOn } from "../evaluate/results.js";
import { takesSample } from "../recipe/schemes/fit-generated.js";
import type { RunContext } from "./context.js";

/** What the arms of a data-free run saw. */
export function trainedOn({ recipe, samples }: Pick<RunContext, "recipe" | "samples">): TrainedOn {
  const what = sampleName(samples.train.dataset);
  const baseline = "random noise";
  const { scheme, data } = recipe;
  if (takesSample(scheme)) {
    return { student: `${what}s that ${scheme.by} made of ${data.transfer.size} real ones`, baseline, unseen: null };
  }
  const student = scheme.by === "copula" ? `${what}s drawn from moments` : `generated ${what}s`;
  return { student, baseline, unseen: `training ${what}` };
}
