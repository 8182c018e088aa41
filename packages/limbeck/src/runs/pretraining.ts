import { type Split, splitLabels } from "../data/dataset.js";
import { drawAtMost } from "../data/split.js";
import { nearestErrors } from "../evaluate/nearest.js";
import type { FeaturesResult } from "../evaluate/results.js";
import { initialize, type Model, type ModelValues } from "../models/model.js";
import type { Pretraining } from "../schemes/wiring.js";
import { Classifier } from "../teachers/classifier.js";
import { type Arm, pretrainingPhase } from "./arms.js";
import type { RunContext, TrainedArm } from "./context.js";
import type { RunEvent } from "./events.js";
import { drawTransferSet, labelledPart } from "./samples.js";
import { type Judge, trainPhase } from "./train-phase.js";

/** Labelled samples that neighbors are looked for among. */
const MOST_KNOWN = 5000;
/** Looking for neighbors takes longer than answering. */
const CURVE_POINTS = 10;

/** Learns without labels. @param seen all images @returns values of the features */
export async function* pretrain(
  context: RunContext,
  { arm, seed, seen }: { readonly arm: Arm; readonly seed: number; readonly seen: Split },
  { job, features, values }: Pretraining,
): AsyncGenerator<RunEvent, ModelValues> {
  const { labels: _, frozen: __, ...scheme } = arm.scheme;
  const options = { split: seen, train: scheme, terms: [] };
  const judge = () => neighborsJudge(context, arm, features, values);
  return values(yield* trainPhase(context, pretrainingPhase(arm, seed), job, options, { judge }));
}

/** Errors of the nearest neighbors among labelled samples, for the learning curve. */
async function neighborsJudge(
  context: RunContext,
  arm: Arm,
  features: Model,
  values: Pretraining["values"],
): Promise<Judge> {
  const judged = await openFeatures(context, labelledSeen(context, arm), features);
  return { ...judged, points: CURVE_POINTS, errors: (all) => judged.errors(values(all)) };
}

/** What features are worth before anything has learned from labels by them; nothing where nothing was pretrained. */
export async function measureFeatures(
  context: RunContext,
  { arm, seeds, features }: TrainedArm,
): Promise<FeaturesResult | undefined> {
  if (!features) return undefined;
  const known = labelledSeen(context, arm);
  const { errors, release } = await openFeatures(context, known, features);
  const result = { neighbors: [] as number[], untrained: [] as number[], known: known.indices.length };
  for (const { seed, pretrained } of seeds) {
    result.neighbors.push(await errors(pretrained!));
    result.untrained.push(await errors(initialize(features, seed)));
  }
  await release();
  return result;
}

function labelledSeen({ samples, recipe }: RunContext, arm: Arm): Split {
  return drawAtMost(
    labelledPart(drawTransferSet(samples.train, arm.transfer, recipe.seed), arm, recipe.seed),
    MOST_KNOWN,
    recipe.seed,
  );
}

async function openFeatures({ samples: { test }, threads }: RunContext, known: Split, features: Model) {
  const classifier = await Classifier.ofModel(features, test.dataset, threads);
  return {
    errors: async (values: ModelValues) => {
      classifier.setValues(features, values);
      const [ours, asked] = [await featuresOf(classifier, known), await featuresOf(classifier, test)];
      return nearestErrors(ours, asked, test.dataset.classes.length);
    },
    release: () => classifier.release(),
  };
}

async function featuresOf(classifier: Classifier, split: Split) {
  let [features, width] = [new Float32Array(), 0];
  for await (const { first, count, logits } of classifier.batches(split)) {
    width = logits.length / count;
    if (first === 0) features = new Float32Array(split.indices.length * width);
    features.set(logits, first * width);
  }
  return { features, width, labels: splitLabels(split) };
}
