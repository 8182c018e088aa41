import {
  compileTraining,
  createGraph,
  type Graph,
  GraphError,
  gradients,
  ops,
  type Tensor,
  type TrainingProgram,
  type TypedArray,
} from "@limbeck/graph";
import { carriedBuffers, declareTensors, initialize } from "../../models/model.js";
import type { DataFreeOptions } from "../../recipe/schemes/data-free.js";
import { LimbeckError } from "../../support/errors.js";
import type { TrainingJob, Turn } from "../job.js";
import { declareTeacher, teacherForward } from "../live-teacher.js";
import { learningRateOf } from "../offline.js";
import { buildOptimizer } from "../optimizers.js";
import { type BuiltTerms, buildTerms } from "../terms.js";
import type { GraphOptions, SchemeOptions, Wiring } from "../wiring.js";
import { type ControlImages, type Fill, feeding, noiseFill, relatedFill } from "./images.js";
import { imageTerms } from "./objectives.js";
import type { ImageSource, Pictures, SourceOptions, SourceTurn } from "./source.js";
import { spreadOf } from "./spread.js";

/** A scheme whose student is taught without training images, on those of a source. */
export function dataFreeWiring(sourceOf: (options: SourceOptions) => ImageSource): Wiring {
  return {
    job: (options) => dataFreeJob(options, sourceOf(options)),
    check: (options) => {
      checkPixels(options);
      checkDataFree(options, sourceOf(options));
    },
    source: sourceOf,
  };
}

/** A student taught without training images; or, to compare with, on the images of a control. */
function dataFreeJob(options: SchemeOptions, source: ImageSource): TrainingJob {
  const { model, train, seed, control } = options;
  const settings = settingsOf(options);
  const { weights, ...parts } = studentGraph(options, source);
  const program = compileTraining({ ...parts, optimizer: buildOptimizer(train.optimizer) });
  const seen = control ? controlFeeds(control, options) : source.feeds(seed).seen;
  return {
    model,
    program,
    repeats: settings.studentSteps ?? 1,
    ...(control || !source.turn ? {} : { turn: turnOf(options, source, source.turn) }),
    initial: { ...initialize(model, seed), ...(control ? {} : source.initial(seed)) },
    seed,
    epochs: train.epochs,
    stepsPerEpoch: settings.rounds,
    learningRate: learningRateOf(train, settings.rounds),
    feeds: async (step, repeat = 0) => needed(program, { ...seen(step, repeat), ...weights(step) }),
  };
}

/**
 * Builds both graphs, to see whether they can be trained.
 * @throws LimbeckError RECIPE_INVALID, FEATURE_MISMATCH, TEACHER_MISMATCH where no gradient reaches the images
 */
function checkDataFree(options: GraphOptions, source: ImageSource): void {
  source.check();
  studentGraph(options, source);
  if (!source.turn) return;
  const { loss, parameters } = turnGraph(options, source.turn);
  try {
    gradients(loss, parameters);
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    throw new LimbeckError(
      "TEACHER_MISMATCH",
      `no gradient flows through the teacher to its images: ${error.message}`,
      {
        where: "teacher",
        value: error.value,
        fix: "Export the teacher without that operator (a quantized file: before it was quantized).",
        cause: error,
      },
    );
  }
}

function checkPixels(options: GraphOptions): void {
  const { channels } = options.split.dataset;
  for (const key of ["mean", "std"] as const) {
    const value = settingsOf(options)[key];
    if (value === undefined || typeof value === "number" || value.length === channels) continue;
    throw new LimbeckError(
      "RECIPE_INVALID",
      `${key} has ${value.length} numbers, and images have ${channels} channels`,
      {
        where: `scheme.${key}`,
        value,
        fix: "Give one number, or one for each channel.",
      },
    );
  }
}

/** What the recipe says of the scheme; its schema has filled in the defaults. */
const settingsOf = ({ options }: GraphOptions) => options as unknown as DataFreeOptions;

/** Images that are fed. */
function givenImages(graph: Graph, { split, train }: SourceOptions): Pictures {
  return { images: graph.input("images", "float32", batchShape({ split, train })), buffers: [] };
}

const batchShape = ({ split: { dataset }, train }: Pick<SourceOptions, "split" | "train">) => [
  train.batchSize,
  dataset.channels,
  dataset.height,
  dataset.width,
];

/** The student learns from the teacher's answers; no gradient reaches what made the images. */
function studentGraph(options: GraphOptions, source: ImageSource): BuiltTerms & StudentParts {
  const { model, train, terms, liveTeacher, control } = options;
  const graph = createGraph();
  const seen = control ? givenImages(graph, options) : source.seen(graph);
  const images = ops.detach(seen.images);
  const values = declareTensors(model, graph);
  const student = model.forward(images, values, true);
  const context = { logits: student.logits, teacherLogits: teacherForward(liveTeacher!, images).logits };
  const built = buildTerms(graph, terms, context, { epochs: train.epochs, stepsPerEpoch: settingsOf(options).rounds });
  return {
    ...built,
    parameters: model.parameters.map(({ name }) => values[name]!),
    buffers: [...carriedBuffers(model, values, student), ...seen.buffers],
  };
}

type StudentParts = Pick<ReturnType<SourceTurn["made"]>, "parameters" | "buffers">;

/** Images become better through the teacher and, where differences count, the student; both stay as they are. */
function turnGraph(options: GraphOptions, turn: SourceTurn) {
  const { model, liveTeacher } = options;
  const settings = settingsOf(options);
  const graph = createGraph();
  const { images, parameters, buffers, optimizer, labels, priors, beyond } = turn.made(graph);
  const forward = declareTeacher(liveTeacher!, graph);
  const answer = (seen: Tensor) => forward(seen).logits;
  const teacher = answer(images);
  const more = beyond?.(teacher, answer);
  const values = settings.adversarial > 0 ? declareTensors(model, graph) : undefined;
  const student = values && model.forward(images, values, true);
  const terms = {
    ...imageTerms(settings, { images, labels, teacher, student: student?.logits }),
    ...priors,
    ...more?.terms,
  };
  const loss = Object.values(terms).reduce((a, b) => ops.add(a, b));
  const theirs = values && student ? carriedBuffers(model, values, student) : [];
  return { loss, terms, parameters, optimizer, buffers: [...buffers, ...(more?.buffers ?? []), ...theirs] };
}

function turnOf(options: SchemeOptions, source: ImageSource, turn: SourceTurn): Turn {
  const program = compileTraining(turnGraph(options, turn));
  const { made } = source.feeds(options.seed);
  const { name, learningRate } = turn;
  return { program, name, learningRate, feeds: async (step) => needed(program, made!(step)) };
}

/** Those of the feeds that a program takes. */
function needed(program: TrainingProgram, feeds: Readonly<Record<string, TypedArray>>) {
  return Object.fromEntries(program.feeds.map(({ name }) => [name, feeds[name]!]));
}

function controlFeeds(control: ControlImages, options: SchemeOptions) {
  return feeding("images", batchShape(options), controlFill(control, options));
}

function controlFill(control: ControlImages, options: SchemeOptions): Fill {
  const { seed, train, split } = options;
  const settings = settingsOf(options);
  if (control.kind === "noise") return noiseFill(seed, spreadOf(settings, split.dataset), split);
  return relatedFill(seed, control.split, train.batchSize, settings.studentSteps);
}
