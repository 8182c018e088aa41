import { createGraph, ops, type Tensor } from "@limbeck/graph";
import { batchesPerEpoch } from "../data/batches.js";
import type { LossContext } from "../losses/loss.js";
import { buildModel, type ModelChoice } from "../models/index.js";
import { carriedBuffers, declareTensors, initialize, type Model } from "../models/model.js";
import { peerNamed, prefixOf, type TrainingJob } from "./job.js";
import { needsOf } from "./needs.js";
import { completeJob, trainedPart } from "./offline.js";
import { buildTerms, type TermContexts } from "./terms.js";
import { changesImages, mixedLabels } from "./views.js";
import type { GraphOptions, SchemeOptions, Wiring } from "./wiring.js";

/** What of a batch is known beside images. */
export type Known = Pick<LossContext, "labels" | "mixed">;

/** How peers teach each other. */
export interface PeerRules {
  /** Models beside the student. Default: one like it. */
  readonly peers?: readonly object[] | undefined;
  /** Whether each sees augmented images in a view of its own. Default: all see the same one. */
  readonly views?: "own" | "shared";
  /** Whether what they learn from depends on labels, whatever terms do. Default `false`. */
  readonly usesLabels?: boolean;
  /** How a term is computed, from the logits of all peers, the student's first. */
  contexts(logits: readonly Tensor[], known: Known): TermContexts;
}

/** The wiring of schemes in which peers learn at once: one graph, in which only their answers meet. */
export function peersWiring(rulesOf: (options: GraphOptions["options"]) => PeerRules): Wiring {
  const graphOf = (options: GraphOptions) => peersGraph(options, rulesOf(options.options));
  return { job: (options) => peersJob(options, rulesOf(options.options)), check: graphOf };
}

/** All peers as one training: of the student's tensors the names are plain. */
function peersJob(options: SchemeOptions, rules: PeerRules): TrainingJob {
  const { model, seed } = options;
  const peers = learnersOf(options, rules).slice(1);
  const values = peers.map(({ name, model }) => initialize(model, seed, prefixOf(name)));
  const initial = Object.assign(initialize(model, seed), ...values);
  const job = completeJob(model, peersGraph(options, rules), initial, options);
  return { ...job, peers: peers.map(({ name, model }) => peerNamed(name, model)) };
}

interface Learner {
  readonly name: string;
  readonly prefix: string;
  readonly model: Model;
}

/** The student, and what learns beside it. */
function learnersOf({ model, split }: GraphOptions, { peers }: PeerRules): Learner[] {
  const { dataset } = split;
  const others = peers?.map((choice) => buildModel(choice as ModelChoice, dataset, dataset.classes.length)) ?? [model];
  const named = others.map((model, i) => ({ name: `peer${i + 2}`, prefix: prefixOf(`peer${i + 2}`), model }));
  return [{ name: "", prefix: "", model }, ...named];
}

function peersGraph(options: GraphOptions, rules: PeerRules) {
  const { split, train, terms } = options;
  const graph = createGraph();
  const { batchSize, epochs } = train;
  const { channels, height, width } = split.dataset;
  const see = (name: string) => graph.input(name, "float32", [batchSize, channels, height, width]);
  const shared = see("images");
  const views: string[] = [];
  const hasOwnViews = rules.views === "own" && changesImages(train.augment);
  const learners = learnersOf(options, rules).map(({ model, prefix }) => {
    const images = hasOwnViews && prefix !== "" ? see(`${prefix}images`) : shared;
    if (images !== shared) views.push(images.name);
    const values = declareTensors(model, graph, prefix);
    const result = model.forward(images, values, true);
    return { logits: result.logits, buffers: carriedBuffers(model, values, result) };
  });
  const isLabelled = rules.usesLabels || needsOf(terms).has("labels");
  const known: Known = {
    labels: isLabelled ? graph.input("labels", "int64", [batchSize]) : undefined,
    mixed: isLabelled ? mixedLabels(graph, train) : undefined,
  };
  const contexts = rules.contexts(
    learners.map(({ logits }) => logits),
    known,
  );
  const length = { epochs, stepsPerEpoch: batchesPerEpoch(split.indices.length, batchSize) };
  const buffers = learners.flatMap(({ buffers }) => buffers);
  return { ...buildTerms(graph, terms, contexts, length), buffers, views, parameters: trainedPart(graph, buffers) };
}

/** A term that is computed in several contexts, and added up. */
export function summed(contexts: readonly LossContext[]): TermContexts {
  return (compute) => contexts.map(compute).reduce((a, b) => ops.add(a, b));
}
