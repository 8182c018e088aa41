import { createGraph, ops, type Tensor } from "@limbeck/graph";
import { batchesPerEpoch } from "../data/batches.js";
import { asksTeacher } from "../losses/loss.js";
import { sumPerSampleMean } from "../losses/reduce.js";
import { carriedBuffers, declareTensors, initialize } from "../models/model.js";
import { earlyExits } from "../recipe/schemes/early-exits.js";
import { type ExitAnswer, withExits } from "./exit-models.js";
import type { TrainingJob } from "./job.js";
import { needsOf } from "./needs.js";
import { completeJob, requireTrained, trainedPart } from "./offline.js";
import { buildTerms } from "./terms.js";
import { mixedLabels } from "./views.js";
import type { GraphOptions, SchemeOptions } from "./wiring.js";

/** The student and its exits as one training. The student's tensors have their plain names. */
export function earlyExitsJob(options: SchemeOptions): TrainingJob {
  const { exited, ...parts } = earlyExitsGraph(options);
  const job = completeJob(options.model, parts, initialize(exited.whole, options.seed), options);
  const peers = exited.exits.map((model, i) => ({ name: `exit${i + 1}`, prefix: "", model }));
  return { ...job, peers, exits: exited };
}

/** Builds the graph, to see whether it can be trained. @throws LimbeckError TAP_UNKNOWN, RECIPE_INVALID */
export function checkEarlyExits(options: GraphOptions): void {
  requireTrained(earlyExitsGraph(options));
}

function earlyExitsGraph({ model, split, train, terms, options }: GraphOptions) {
  const { dataset } = split;
  const { exits: taps, hint } = earlyExits.options.parse(options);
  const exited = withExits(model, taps, dataset, dataset.classes.length);
  const graph = createGraph();
  const images = graph.input("images", "float32", [train.batchSize, dataset.channels, dataset.height, dataset.width]);
  const values = declareTensors(exited.whole, graph);
  const { answers, buffers: next } = exited.answers(images, values, true);
  const isLabelled = needsOf(terms).has("labels");
  const given = {
    labels: isLabelled ? graph.input("labels", "int64", [train.batchSize]) : undefined,
    mixed: isLabelled ? mixedLabels(graph, train) : undefined,
    teacherLogits: ops.detach(answers.at(-1)!.logits),
  };
  const length = { epochs: train.epochs, stepsPerEpoch: batchesPerEpoch(split.indices.length, train.batchSize) };
  const contexts = answers.map(({ logits }) => ({ ...given, logits }));
  const built = buildTerms(
    graph,
    terms,
    (compute, loss) => sum((asksTeacher(loss) ? contexts.slice(0, -1) : contexts).map(compute)),
    length,
  );
  const buffers = carriedBuffers(exited.whole, values, { logits: given.teacherLogits, taps: {}, buffers: next });
  const parts = { ...built, buffers, parameters: trainedPart(graph, buffers), exited };
  if (hint === 0) return parts;
  const far = ops.mul(distanceToDeepest(answers), hint);
  return { ...parts, loss: ops.add(built.loss, far), terms: { ...built.terms, hint: far } };
}

/** Squared distance of each exit's features to the deepest ones, which stay where they are. */
function distanceToDeepest(answers: readonly ExitAnswer[]): Tensor {
  const deepest = ops.detach(answers.at(-1)!.features);
  return sum(
    answers.slice(0, -1).map(({ features }) => {
      const difference = ops.sub(features, deepest);
      return sumPerSampleMean(ops.mul(difference, difference));
    }),
  );
}

const sum = (values: readonly Tensor[]) => values.reduce((a, b) => ops.add(a, b));
