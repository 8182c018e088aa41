import { ops } from "@limbeck/graph";
import { initialize } from "../models/model.js";
import { meanTeacher } from "../recipe/schemes/mean-teacher.js";
import { averagesOf } from "./averages.js";
import { BatchGraph } from "./batch-graph.js";
import { lookInside } from "./inside.js";
import { peerNamed, prefixOf, type TrainingJob } from "./job.js";
import { checkReached, completeJob, trainedPart } from "./offline.js";
import { TermStore } from "./store.js";
import { buildTerms } from "./terms.js";
import type { GraphOptions, SchemeOptions, Wiring } from "./wiring.js";

/** What results and files call the average. */
const NAME = "ema";
const PREFIX = prefixOf(NAME);
/** The share of a step's weights in the average, fed. */
const SHARE = `${PREFIX}share`;

/** A student and the moving average of its weights, which teaches it. */
export const meanTeacherWiring: Wiring = {
  job: meanTeacherJob,
  check: (options) => checkReached(averageGraph(options)),
};

function meanTeacherJob(options: SchemeOptions): TrainingJob {
  const { model, seed } = options;
  const { store, ...parts } = averageGraph(options);
  const student = initialize(model, seed);
  const average = Object.entries(student).map(([name, values]) => [`${PREFIX}${name}`, values]);
  const initial = { ...student, ...Object.fromEntries(average), ...store.initialize(seed) };
  return { ...completeJob(model, parts, initial, options), peers: [peerNamed(NAME, model)] };
}

function averageGraph(options: GraphOptions) {
  const { model, terms } = options;
  const { decay, views } = meanTeacher.options.parse(options.options);
  const batch = new BatchGraph(options);
  const { graph } = batch;
  const student = batch.learner(model);
  const teacher = batch.learner(model, PREFIX, batch.imagesFor(PREFIX, views));
  const averages = averagesOf(student, teacher, graph.input(SHARE, "float32", []));
  const store = new TermStore(graph);
  const context = {
    ...batch.known(),
    logits: student.result.logits,
    teacherLogits: ops.detach(teacher.result.logits),
  };
  const inside = lookInside(student.result, teacher.result, store);
  const built = buildTerms(graph, terms, context, batch.length, inside);
  const buffers = [...student.buffers, ...teacher.buffers, ...averages, ...store.buffers];
  return {
    ...built,
    weights: (step: number) => ({ ...built.weights(step), [SHARE]: Float32Array.of(1 - decayAt(step, decay)) }),
    buffers,
    views: batch.views,
    parameters: trainedPart(graph, buffers),
    store,
  };
}

/** What a step, counted from 0, leaves of the average. */
function decayAt(step: number, decay: number): number {
  return Math.min(decay, 1 - 1 / (step + 2));
}
