import {
  adamw,
  compileTraining,
  createGraph,
  type Graph,
  ops,
  schedule,
  type Tensor,
  type TrainingBuffer,
} from "@limbeck/graph";
import { batchesPerEpoch } from "../../data/batches.js";
import type { ImageGeometry } from "../../data/dataset.js";
import { bodyOf, type ModelBody } from "../../models/body.js";
import { carriedBuffers, declareTensors, initialize, type Model, type ModelValues } from "../../models/model.js";
import { type DinoOptions, dino } from "../../recipe/schemes/dino.js";
import { LimbeckError } from "../../support/errors.js";
import { averagesOf } from "../averages.js";
import { peerNamed, prefixOf, type TrainingJob } from "../job.js";
import type { GraphOptions, Pretraining, SchemeOptions } from "../wiring.js";
import { PROTOTYPES, projected } from "./head.js";
import { dinoObjective, nextCenter } from "./objective.js";
import { momentumAt, temperatureAt } from "./schedules.js";
import { cropFeeds, GLOBAL_VIEWS } from "./views.js";

const NAME = "ema";
const PREFIX = prefixOf(NAME);
const CENTER = "center";
/** Share of the epochs in which the learning rate climbs. */
const CLIMB = 0.1;

/** The training without labels. Its features are those of the moving average. */
export function dinoPretraining({ seed, split, ...given }: SchemeOptions): Pretraining {
  const options = dino.options.parse(given.options);
  const body = trainedBody(given.model, split.dataset);
  const model = projected(body, options);
  const graph = dinoGraph(model, split.dataset, options);
  const program = compileTraining({ ...graph, optimizer: adamw({ weightDecay: options.weightDecay }) });
  const { epochs, learningRate } = options;
  const stepsPerEpoch = batchesPerEpoch(split.indices.length, options.batchSize);
  const totalSteps = epochs * stepsPerEpoch;
  const crops = cropFeeds(split, options, seed, stepsPerEpoch);
  const average = peerNamed(NAME, body.model);
  const job: TrainingJob = {
    ...{ model, program, seed, epochs, stepsPerEpoch },
    initial: firstValues(model, seed, options),
    learningRate: schedule({
      ...{ learningRate, totalSteps, decay: "cosine" },
      warmupSteps: Math.round(CLIMB * totalSteps),
    }),
    feeds: async (step) => ({ ...crops(step), ...scalarsAt(step, totalSteps, stepsPerEpoch, options) }),
  };
  return { job, features: body.model, values: average.own };
}

/** Finds what it cannot train, from shapes. @throws LimbeckError MODEL_MISMATCH */
export function checkDino({ model, split, options }: GraphOptions): void {
  trainedBody(model, split.dataset);
  dino.options.parse(options);
}

function trainedBody(model: Model, geometry: ImageGeometry): ModelBody {
  const body = bodyOf(model, geometry);
  if (body && body.model.parameters.length > 0) return body;
  const problem = body ? "has nothing to train but its last layer" : "does not end in a linear layer";
  throw new LimbeckError(
    "MODEL_MISMATCH",
    `dino trains what stands before a last linear layer; this student ${problem}`,
    {
      where: "student.model",
      value: model.family,
      fix: "Use another network, for example resnet.",
    },
  );
}

function firstValues(model: Model, seed: number, { prototypes }: DinoOptions): ModelValues {
  const student = initialize(model, seed);
  const average = Object.entries(student).map(([name, values]) => [`${PREFIX}${name}`, values.slice()]);
  return { ...student, ...Object.fromEntries(average), [CENTER]: new Float32Array(prototypes) };
}

function scalarsAt(step: number, totalSteps: number, stepsPerEpoch: number, options: DinoOptions) {
  const { momentum, firstTeacherTemperature, teacherTemperature, warmUp, frozenEpochs } = options;
  const done = step / totalSteps;
  return {
    share: Float32Array.of(1 - momentumAt(done, momentum)),
    temperature: Float32Array.of(temperatureAt(done, firstTeacherTemperature, teacherTemperature, warmUp)),
    open: Float32Array.of(step < frozenEpochs * stepsPerEpoch ? 0 : 1),
  };
}

/** Student and average as one graph, with what they are fed. */
function dinoGraph(model: Model, geometry: ImageGeometry, options: DinoOptions) {
  const { batchSize, locals, prototypes, centerMomentum, studentTemperature } = options;
  const graph = createGraph();
  const scalar = (name: string) => graph.input(name, "float32", []);
  const views = (name: string, count: number) => {
    const { channels, height, width } = geometry;
    return graph.input(name, "float32", [count * batchSize, channels, height, width]);
  };
  const globals = views("globals", GLOBAL_VIEWS);
  const small = locals > 0 ? views("locals", locals) : undefined;
  const student = studentOf(model, graph, [globals, ...(small ? [small] : [])], scalar("open"));
  const values = declareTensors(model, graph, PREFIX);
  const answered = model.forward(globals, values, true);
  const teacher = { values, buffers: carriedBuffers(model, values, answered) };
  const center = graph.parameter(CENTER, "float32", [1, prototypes]);
  const answers = ops.split(ops.detach(answered.logits), GLOBAL_VIEWS);
  const { loss, entropy, kl } = dinoObjective({
    student: [...ops.split(student.scores[0]!, GLOBAL_VIEWS), ...(small ? ops.split(student.scores[1]!, locals) : [])],
    teacher: answers,
    center,
    studentTemperature,
    teacherTemperature: scalar("temperature"),
  });
  const buffers: TrainingBuffer[] = [
    ...student.buffers,
    ...teacher.buffers,
    ...averagesOf(student, teacher, scalar("share")),
    { input: center, next: nextCenter(center, answers, centerMomentum) },
  ];
  const trained = new Set(model.parameters.map(({ name }) => student.values[name]));
  const parameters = graph.inputs.filter((input) => trained.has(input));
  return { loss, terms: { dino: loss, "teacher-entropy": entropy, kl }, parameters, buffers };
}

/** The student's scores of one size of views after another: running statistics see all of them. */
function studentOf(model: Model, graph: Graph, views: readonly Tensor[], open: Tensor) {
  const values = declareTensors(model, graph);
  const directions = values[PROTOTYPES]!;
  const gated = ops.add(ops.mul(directions, open), ops.mul(ops.detach(directions), ops.sub(1, open)));
  let seen: Record<string, Tensor> = { ...values, [PROTOTYPES]: gated };
  const scores = views.map((images) => {
    const { logits, buffers } = model.forward(images, seen, true);
    seen = { ...seen, ...buffers };
    return logits;
  });
  return { values, scores, buffers: carriedBuffers(model, values, { buffers: seen }) };
}
