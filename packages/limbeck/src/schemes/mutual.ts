import { createGraph, type Graph, ops, type Tensor } from "@limbeck/graph";
import { batchesPerEpoch } from "../data/batches.js";
import { buildModel, type ModelChoice } from "../models/index.js";
import { carriedBuffers, declareTensors, initialize, type Model } from "../models/model.js";
import { mutual } from "../recipe/schemes/mutual.js";
import type { Peer, TrainingJob } from "./job.js";
import { needsOf } from "./needs.js";
import { completeJob, trainedPart } from "./offline.js";
import { type BuiltTerms, buildTerms } from "./terms.js";
import { mixedLabels } from "./views.js";
import type { GraphOptions, SchemeOptions } from "./wiring.js";

/** All peers as one training: of the student's tensors the names are plain. */
export function mutualJob(options: SchemeOptions): TrainingJob {
  const { model, seed } = options;
  const peers = peersOf(options);
  const values = [student(model), ...peers].map(({ model, prefix }) => initialize(model, seed, prefix));
  const job = completeJob(model, mutualGraph(options), Object.assign({}, ...values), options);
  return { ...job, peers };
}

/** Builds the graph, to see whether it can be trained. @throws LimbeckError RECIPE_INVALID where a peer does not take the images */
export function checkMutual(options: GraphOptions): void {
  mutualGraph(options);
}

const student = (model: Model) => ({ model, prefix: "" });

/** What learns beside the student, which is the first of all peers. */
function peersOf({ model, split, options }: GraphOptions): Peer[] {
  const { dataset } = split;
  const { peers } = mutual.options.parse(options);
  const models = peers?.map((choice) => buildModel(choice as ModelChoice, dataset, dataset.classes.length)) ?? [model];
  return models.map((model, i) => ({ name: `peer${i + 2}`, model, prefix: `peer${i + 2}/` }));
}

function mutualGraph(options: GraphOptions) {
  const { split, train, terms } = options;
  const graph = createGraph();
  const { channels, height, width } = split.dataset;
  const images = graph.input("images", "float32", [train.batchSize, channels, height, width]);
  const learners = [student(options.model), ...peersOf(options)].map(({ model, prefix }) => {
    const values = declareTensors(model, graph, prefix);
    const result = model.forward(images, values, true);
    return { logits: result.logits, buffers: carriedBuffers(model, values, result) };
  });
  const length = { epochs: train.epochs, stepsPerEpoch: batchesPerEpoch(split.indices.length, train.batchSize) };
  const contexts = pairsOf(graph, learners, options);
  const built: BuiltTerms = buildTerms(graph, terms, contexts, length);
  const buffers = learners.flatMap(({ buffers }) => buffers);
  return { ...built, buffers, parameters: trainedPart(graph, buffers) };
}

/**
 * How a term is computed from all ordered pairs of peers: added up, and divided by the M - 1 others of each. What a peer
 * learns from labels alone is the same against each of the others, so that it counts once.
 */
function pairsOf(graph: Graph, learners: readonly { readonly logits: Tensor }[], { train, terms }: GraphOptions) {
  const isLabelled = needsOf(terms).has("labels");
  const labels = isLabelled ? graph.input("labels", "int64", [train.batchSize]) : undefined;
  const mixed = isLabelled ? mixedLabels(graph, train) : undefined;
  const answers = learners.map(({ logits }) => ops.detach(logits));
  const contexts = learners.flatMap(({ logits }, k) =>
    answers.filter((_, j) => j !== k).map((teacherLogits) => ({ logits, labels, mixed, teacherLogits })),
  );
  return (compute: (context: (typeof contexts)[number]) => Tensor) => {
    const sum = contexts.map(compute).reduce((a, b) => ops.add(a, b));
    return learners.length > 2 ? ops.div(sum, learners.length - 1) : sum;
  };
}
