import { ops, type Tensor } from "@limbeck/graph";
import type { LossContext } from "../losses/loss.js";
import { buildModel, type ModelChoice } from "../models/index.js";
import { initialize, type Model } from "../models/model.js";
import { BatchGraph, type Known, type Views } from "./batch-graph.js";
import { holdOut } from "./held-out.js";
import { peerNamed, prefixOf, type TrainingJob } from "./job.js";
import { judgeMixtures } from "./mixtures.js";
import { completeJob, trainedPart } from "./offline.js";
import { TermStore } from "./store.js";
import { buildTerms, type TermContexts } from "./terms.js";
import type { GraphOptions, SchemeOptions, Wiring } from "./wiring.js";

/** How peers teach each other. */
export interface PeerRules {
  /** Models beside the student. Default: one like it. */
  readonly peers?: readonly object[] | undefined;
  /** Whether each sees augmented images in a view of its own. Default: all see the same one. */
  readonly views?: Views;
  /** Whether what they learn from depends on labels, whatever terms do. Default `false`. */
  readonly usesLabels?: boolean;
  /** The share of the transfer set that no peer learns from, on which mixtures of them are judged. Default: none. */
  readonly heldOut?: number | undefined;
  /**
   * How a term is computed, from the logits of all peers, the student's first.
   * @param mixture where samples are held out: the peers' weights in the best mixture, [M], no gradient flows there
   */
  contexts(logits: readonly Tensor[], known: Known, mixture?: Tensor): TermContexts;
}

/** The wiring of schemes in which peers learn at once: one graph, in which only their answers meet. */
export function peersWiring(rulesOf: (options: GraphOptions["options"]) => PeerRules): Wiring {
  const graphOf = (options: GraphOptions) => peersGraph(options, rulesOf(options.options));
  return { job: (options) => peersJob(options, rulesOf(options.options)), check: graphOf };
}

/** All peers as one training: of the student's tensors the names are plain. */
function peersJob(given: SchemeOptions, rules: PeerRules): TrainingJob {
  const { model, seed } = given;
  const peers = learnersOf(given, rules).slice(1);
  const values = peers.map(({ name, model }) => initialize(model, seed, prefixOf(name)));
  const { store, split, ...parts } = peersGraph(given, rules);
  const initial = Object.assign(initialize(model, seed), ...values, store.initialize(seed));
  const job = completeJob(model, parts, initial, { ...given, split });
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

function peersGraph(given: GraphOptions, rules: PeerRules) {
  const parts = rules.heldOut === undefined ? undefined : holdOut(given.split, rules.heldOut);
  const options = parts ? { ...given, split: parts.learned } : given;
  const batch = new BatchGraph(options);
  const { graph, views } = batch;
  const store = new TermStore(graph);
  const learners = learnersOf(options, rules).map(({ model, prefix }) => {
    const images = prefix === "" ? batch.images : batch.imagesFor(prefix, rules.views ?? "shared");
    return { model, ...batch.learner(model, prefix, images) };
  });
  const judged = parts && judgeMixtures(batch, learners, parts.held, store);
  const logits = learners.map(({ result }) => result.logits);
  const contexts = rules.contexts(logits, batch.known(rules.usesLabels), judged?.mixture);
  const built = buildTerms(graph, options.terms, contexts, batch.length);
  const buffers = [...learners.flatMap((learner) => learner.buffers), ...store.buffers];
  return {
    ...built,
    weights: (step: number) => ({ ...built.weights(step), ...judged?.feeds(step) }),
    buffers,
    views,
    parameters: trainedPart(graph, buffers),
    store,
    split: options.split,
  };
}

/** A term that is computed in several contexts, and added up. */
export function summed(contexts: readonly LossContext[]): TermContexts {
  return (compute) => contexts.map(compute).reduce((a, b) => ops.add(a, b));
}
