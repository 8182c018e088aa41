import { ops, type Tensor } from "@limbeck/graph";
import { asksTeacher } from "../losses/loss.js";
import { sumPerSampleMean } from "../losses/reduce.js";
import { carriedBuffers, declareTensors, initialize } from "../models/model.js";
import { earlyExits } from "../recipe/schemes/early-exits.js";
import { BatchGraph } from "./batch-graph.js";
import { type ExitAnswer, withExits } from "./exit-models.js";
import type { Peer, TrainingJob } from "./job.js";
import { checkReached, completeJob, trainedPart } from "./offline.js";
import { buildTerms } from "./terms.js";
import type { GraphOptions, SchemeOptions, Wiring } from "./wiring.js";

/** A student whose deepest answer teaches exits behind its stages. */
export const earlyExitsWiring: Wiring = {
  job: earlyExitsJob,
  check: (options) => checkReached(earlyExitsGraph(options)),
};

/** The student and its exits as one training. The student's tensors have their plain names. */
function earlyExitsJob(options: SchemeOptions): TrainingJob {
  const { exited, ...parts } = earlyExitsGraph(options);
  const job = completeJob(options.model, parts, initialize(exited.whole, options.seed), options);
  const peers = exited.exits.map((model, i): Peer => ({ name: `exit${i + 1}`, model, own: (values) => values }));
  return { ...job, peers, exits: exited };
}

function earlyExitsGraph({ model, split, train, terms, options }: GraphOptions) {
  const { dataset } = split;
  const { exits: taps, hint } = earlyExits.options.parse(options);
  const exited = withExits(model, taps, dataset, dataset.classes.length);
  const batch = new BatchGraph({ split, train, terms });
  const { graph } = batch;
  const values = declareTensors(exited.whole, graph);
  const { answers, buffers: next } = exited.answers(batch.images, values, true);
  const given = { ...batch.known(), teacherLogits: ops.detach(answers.at(-1)!.logits) };
  const contexts = answers.map(({ logits }) => ({ ...given, logits }));
  const built = buildTerms(
    graph,
    terms,
    (compute, loss) => sum((asksTeacher(loss) ? contexts.slice(0, -1) : contexts).map(compute)),
    batch.length,
  );
  const buffers = carriedBuffers(exited.whole, values, { buffers: next });
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
