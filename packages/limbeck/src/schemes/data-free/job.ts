import {
  adam,
  compileTraining,
  createGraph,
  type Graph,
  GraphError,
  gradients,
  ops,
  sizeOf,
  type Tensor,
  type TrainingBuffer,
} from "@limbeck/graph";
import type { ImageGeometry } from "../../data/dataset.js";
import { carriedBuffers, declareTensors, initialize } from "../../models/model.js";
import type { DataFreeOptions } from "../../recipe/schemes/data-free.js";
import { LimbeckError } from "../../support/errors.js";
import type { TrainingJob, Turn } from "../job.js";
import { teacherForward } from "../live-teacher.js";
import { learningRateOf } from "../offline.js";
import { buildOptimizer } from "../optimizers.js";
import { type BuiltTerms, buildTerms } from "../terms.js";
import type { GraphOptions, SchemeOptions } from "../wiring.js";
import { buildGenerator, GENERATOR, type Generator } from "./generator.js";
import { type ControlImages, type Fill, noiseFill, normalFill, relatedFill, synthesizedFill } from "./images.js";
import { generatorTerms } from "./objectives.js";
import { statisticsOf } from "./statistics.js";

/** A student taught without training images; or, to compare with, on the images of a control. */
export function dataFreeJob(options: SchemeOptions): TrainingJob {
  const { model, train, seed, control } = options;
  const settings = settingsOf(options);
  const { weights, ...parts } = studentGraph(options);
  const program = compileTraining({ ...parts, optimizer: buildOptimizer(train.optimizer) });
  const generator = control ? undefined : generatorOf(options);
  const fill = control ? controlFill(control, options) : normalFill(seed, "latents");
  const [input] = program.feeds.filter(({ name }) => name === "latents" || name === "images");
  const images = feeding(input!, fill);
  return {
    model,
    program,
    repeats: settings.studentSteps ?? 1,
    ...(generator ? { turn: generatorTurn(options, fill) } : {}),
    initial: { ...initialize(model, seed), ...(generator ? initialize(generator, seed, GENERATOR) : {}) },
    seed,
    epochs: train.epochs,
    stepsPerEpoch: settings.rounds,
    learningRate: learningRateOf(train, settings.rounds),
    feeds: async (step, repeat = 0) => ({ ...images(step, repeat), ...weights(step) }),
  };
}

/**
 * Builds both graphs, to see whether they can be trained.
 * @throws LimbeckError RECIPE_INVALID, FEATURE_MISMATCH, TEACHER_MISMATCH where no gradient reaches the images
 */
export function checkDataFree(options: GraphOptions): void {
  checkStatistics(options);
  studentGraph(options);
  const { loss, parameters } = generatorGraph(options);
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

function checkStatistics(options: GraphOptions): void {
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

const generatorOf = (options: GraphOptions): Generator => generatorFor(settingsOf(options), options.split.dataset);

/** The generator that a recipe describes, for images or rows. */
export function generatorFor(settings: DataFreeOptions, geometry: ImageGeometry): Generator {
  const network = settings.network ?? (geometry.moments ? "dense" : "maps");
  const correlated = settings.correlated ? geometry.moments : undefined;
  return buildGenerator({ ...settings, ...statisticsOf(settings, geometry), network, correlated }, geometry);
}

interface MadeImages {
  readonly images: Tensor;
  readonly parameters: readonly Tensor[];
  readonly buffers: readonly TrainingBuffer[];
}

/** Declares the generator and has it make a batch, as in training. */
function makeImages(graph: Graph, options: GraphOptions): MadeImages {
  const generator = generatorOf(options);
  const latents = graph.input("latents", "float32", [options.train.batchSize, settingsOf(options).latent]);
  const values = declareTensors(generator, graph, GENERATOR);
  const result = generator.forward(latents, values, true);
  const parameters = generator.parameters.map(({ name }) => values[name]!);
  return { images: result.images, parameters, buffers: carriedBuffers(generator, values, result) };
}

function givenImages(graph: Graph, { split, train }: GraphOptions): MadeImages {
  const { channels, height, width } = split.dataset;
  const images = graph.input("images", "float32", [train.batchSize, channels, height, width]);
  return { images, parameters: [], buffers: [] };
}

/** The student learns from the teacher's answers; no gradient reaches what made the images. */
export function studentGraph(options: GraphOptions): BuiltTerms & Omit<MadeImages, "images"> {
  const { model, train, terms, liveTeacher, control } = options;
  const graph = createGraph();
  const made = control ? givenImages(graph, options) : makeImages(graph, options);
  const images = ops.detach(made.images);
  const values = declareTensors(model, graph);
  const student = model.forward(images, values, true);
  const context = { logits: student.logits, teacherLogits: teacherForward(liveTeacher!, images).logits };
  const built = buildTerms(graph, terms, context, { epochs: train.epochs, stepsPerEpoch: settingsOf(options).rounds });
  return {
    ...built,
    parameters: model.parameters.map(({ name }) => values[name]!),
    buffers: [...carriedBuffers(model, values, student), ...made.buffers],
  };
}

/** The generator learns through the teacher and, where differences count, the student; both stay as they are. */
function generatorGraph(options: GraphOptions) {
  const { model, liveTeacher } = options;
  const settings = settingsOf(options);
  const graph = createGraph();
  const { images, parameters, buffers } = makeImages(graph, options);
  const teacher = teacherForward(liveTeacher!, images).logits;
  const values = settings.adversarial > 0 ? declareTensors(model, graph) : undefined;
  const student = values && model.forward(images, values, true);
  const terms = generatorTerms(settings, { teacher, student: student?.logits });
  const loss = Object.values(terms).reduce((a, b) => ops.add(a, b));
  const theirs = values && student ? carriedBuffers(model, values, student) : [];
  return { loss, terms, parameters, buffers: [...buffers, ...theirs] };
}

function generatorTurn(options: SchemeOptions, fill: Fill): Turn {
  const { studentSteps, rounds, generatorLearningRate } = settingsOf(options);
  const program = compileTraining({ ...generatorGraph(options), optimizer: adam() });
  const latents = feeding(program.feeds.find(({ name }) => name === "latents")!, fill);
  return {
    program,
    name: "generator",
    learningRate: learningRateOf(options.train, rounds, generatorLearningRate),
    feeds: async (step) => latents(step, studentSteps),
  };
}

function controlFill(control: ControlImages, options: SchemeOptions): Fill {
  const { seed, train, split } = options;
  const settings = settingsOf(options);
  if (control.kind === "synthesized") return synthesizedFill(seed, control.draw);
  if (control.kind === "noise") return noiseFill(seed, statisticsOf(settings, split.dataset), split);
  return relatedFill(seed, control.split, train.batchSize, settings.studentSteps);
}

/** Feeds an input with an array that each run fills anew. */
function feeding({ name, shape }: Tensor, fill: Fill) {
  const target = new Float32Array(sizeOf(shape));
  return (step: number, repeat: number): Record<string, Float32Array> => {
    fill(target, step, repeat);
    return { [name]: target };
  };
}
