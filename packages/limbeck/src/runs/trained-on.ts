import { byLabelling, type Split, sampleName } from "../data/dataset.js";
import type { TrainedOn } from "../evaluate/results.js";
import { takesSample } from "../recipe/schemes/fit-generated.js";
import { armsOf, isDataFree, isPretrained } from "./arms.js";
import type { RunContext } from "./context.js";
import { drawTransferSet, labelledPart } from "./samples.js";

/** What the arms saw, where that is not the transfer set alone. */
export function trainedOn(context: Pick<RunContext, "recipe" | "samples">): TrainedOn | undefined {
  if (isPretrained(context.recipe)) return withoutLabels(context);
  return isDataFree(context.recipe) ? withoutData(context) : withUnlabelled(context);
}

/** What the baseline lacks, where the student learns without labels first. */
function withoutLabels({ recipe, samples }: Pick<RunContext, "recipe" | "samples">): TrainedOn {
  const all = drawTransferSet(samples.train, recipe.data.transfer, recipe.seed);
  const labelled = labelledPart(all, armsOf(recipe)[0]!, recipe.seed);
  const count = ({ indices }: Split) => indices.length.toLocaleString("en-US");
  return {
    student: `${count(all)} images without labels, and then from ${count(labelled)} of them with labels`,
    baseline: `these ${count(labelled)} alone`,
    unseen: null,
    fromLabels: true,
  };
}

/** What the baseline lacks, where images are there that nobody has labelled. */
function withUnlabelled({ recipe, samples }: Pick<RunContext, "recipe" | "samples">): TrainedOn | undefined {
  if (samples.train.dataset.labelled === undefined) return undefined;
  const all = drawTransferSet(samples.train, recipe.data.transfer, recipe.seed);
  const { labelled, others } = byLabelling(all);
  const count = ({ indices }: Split) => indices.length.toLocaleString("en-US");
  const what = `${sampleName(all.dataset)}s`;
  return {
    student: `${count(all)} ${what}, ${count(others)} of which only the teacher has labelled`,
    baseline: `the ${count(labelled)} labelled ${what}`,
    unseen: null,
    fromLabels: true,
  };
}

function withoutData({ recipe, samples }: Pick<RunContext, "recipe" | "samples">): TrainedOn {
  const what = sampleName(samples.train.dataset);
  const baseline = "random noise";
  const { scheme, data } = recipe;
  if (takesSample(scheme)) {
    return { student: `${what}s that ${scheme.by} made of ${data.transfer.size} real ones`, baseline, unseen: null };
  }
  const student = scheme.by === "copula" ? `${what}s drawn from moments` : `generated ${what}s`;
  return { student, baseline, unseen: `training ${what}` };
}
