import { ops } from "@limbeck/graph";
import { asksTeacher } from "../losses/loss.js";
import { type GatedModel, gatedModel } from "../models/gated.js";
import { initialize } from "../models/model.js";
import { one } from "../recipe/schemes/one.js";
import { BatchGraph } from "./batch-graph.js";
import type { Peer, TrainingJob } from "./job.js";
import { checkReached, completeJob, type TrainingGraph, trainedPart } from "./offline.js";
import { summed } from "./peers.js";
import { buildTerms } from "./terms.js";
import type { GraphOptions, SchemeOptions, Wiring } from "./wiring.js";

/** ONE: branches of one network learn from their gated ensemble. */
export const oneWiring: Wiring = {
  job: oneJob,
  // Without labels nothing trains the gate.
  check: (options) => checkReached(branchedGraph(options, gatedOf(options).whole)),
};

function oneJob(options: SchemeOptions): TrainingJob {
  const { model, seed } = options;
  const { whole, branches } = gatedOf(options);
  const job = completeJob(model, branchedGraph(options, whole), initialize(whole, seed), options);
  const further = Array.from({ length: branches - 1 }, (_, i): Peer => {
    const branch = i + 2;
    return { name: `branch${branch}`, model, own: (values) => whole.branchValues(branch, values) };
  });
  return { ...job, peers: [...further, { name: "ensemble", model: whole, own: (values) => values }] };
}

function gatedOf({ model, split, options }: GraphOptions) {
  const { branches, at } = one.options.parse(options);
  return { whole: gatedModel(model, split.dataset, branches, at), branches };
}

function branchedGraph(options: GraphOptions, whole: GatedModel): TrainingGraph {
  const batch = new BatchGraph(options);
  const { result, buffers } = batch.learner(whole);
  const known = batch.known();
  const teacherLogits = ops.detach(result.logits);
  const branches = whole.branchLogits(result.taps).map((logits) => ({ ...known, logits, teacherLogits }));
  const [taught, labelled] = [summed(branches), summed([...branches, { ...known, logits: result.logits }])];
  const built = buildTerms(
    batch.graph,
    options.terms,
    (compute, loss) => (asksTeacher(loss) ? taught : labelled)(compute, loss),
    batch.length,
  );
  return { ...built, buffers, parameters: trainedPart(batch.graph, buffers) };
}
