import { createGraph, randomStream, toOnnx } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { type ImageDataset, type Split, sampleLength } from "../data/dataset.js";
import type { Moments } from "../data/moments/moments.js";
import { softmaxRow, topClasses } from "../evaluate/metrics.js";
import { declareTensors, tensorsOf } from "../models/model.js";
import type { DataFreeOptions } from "../recipe/schemes/data-free.js";
import { takesSample } from "../recipe/schemes/fit-generated.js";
import type { SynthesisOptions } from "../recipe/schemes/synthesis.js";
import type { GeneratedSamples } from "../report/data.js";
import { GENERATOR } from "../schemes/data-free/generator.js";
import { fillNormal } from "../schemes/data-free/images.js";
import { generatorFor } from "../schemes/data-free/job.js";
import { synthesizerOf } from "../schemes/data-free/synthesis.js";
import { Classifier } from "../teachers/classifier.js";
import type { Parameters } from "../train/checkpoints.js";
import { isDataFree } from "./arms.js";
import type { RunContext, TrainedArm, TrainedTeacher } from "./context.js";

/** Samples that are drawn, to see which classes the teacher takes them for. */
const DRAWN = 500;

/** How many of them the report shows: images, and rows or windows; of those that were made of real ones none. */
const SHOWN = 60;
const SHOWN_ROWS = 24;

/** What was made for the first seed's student in the end, and what the teacher says of it; nothing where there is none. */
export async function generatedSamples(
  context: RunContext,
  arm: TrainedArm,
  teacher: TrainedTeacher | undefined,
): Promise<GeneratedSamples | undefined> {
  const { recipe, samples, threads } = context;
  if (!isDataFree(recipe) || !teacher) return undefined;
  const { dataset } = samples.test;
  const classes = dataset.classes.length;
  const { related, by } = recipe.scheme;
  const images = by ? synthesized(context, arm.transfer) : await generated(context, arm);
  const classifier = await Classifier.load(teacher.voice.file, dataset, threads);
  const logits = await classifier.logits(images, DRAWN);
  await classifier.release();
  const tops = topClasses(logits, classes);
  const length = sampleLength(dataset);
  const { moments } = dataset;
  const valuesAt = (row: number) => images.slice(row * length, (row + 1) * length);
  const fromSamples = takesSample(recipe.scheme);
  const rowsShown = fromSamples ? 0 : SHOWN_ROWS;
  const shown = Array.from({ length: moments ? rowsShown : SHOWN }, (_, row) => ({
    pixels: moments ? valuesAt(row) : Uint8Array.from(valuesAt(row), toByte),
    label: tops[row]!,
    share: softmaxRow(logits, row, classes)[tops[row]!]!,
  }));
  return {
    maker: by ? String(by) : "generator",
    fromSamples,
    shown: shown.sort((a, b) => a.label - b.label || b.share - a.share),
    counts: dataset.classes.map((_, label) => tops.reduce((sum, top) => sum + (top === label ? 1 : 0), 0)),
    ...(moments ? { columns: compared(moments, images) } : {}),
    ...(related === undefined ? {} : { related: String(related) }),
  };
}

const toByte = (value: number) => Math.min(255, Math.max(0, Math.round(value * 255)));

/** Each column's mean and deviation, as they were stored and as they were made. */
function compared({ columns, mean, std, length }: Moments, made: Float32Array) {
  return columns.map((name, c) => {
    const values = made.filter((_, i) => Math.floor(i / length) % columns.length === c);
    const average = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / values.length;
    return {
      name,
      stored: { mean: mean[c]!, std: std[c]! },
      made: { mean: average, std: Math.sqrt(variance) },
    };
  });
}

/** Rows that no student saw, drawn as theirs were. */
function synthesized({ recipe, samples }: RunContext, transfer: Split): Float32Array {
  const target = new Float32Array(DRAWN * sampleLength(samples.test.dataset));
  synthesizerOf(recipe.scheme as unknown as SynthesisOptions, transfer)(target, randomStream(recipe.seed, "shown"));
  return target;
}

const generated = ({ recipe, samples }: RunContext, { seeds }: TrainedArm): Promise<Float32Array> =>
  drawImages(recipe.scheme as unknown as DataFreeOptions, samples.test.dataset, seeds[0]!.parameters, recipe.seed);

/** Images by running statistics, [drawn, C, H, W], 0 … 1 and beyond. */
async function drawImages(
  options: DataFreeOptions,
  geometry: ImageDataset,
  values: Parameters,
  seed: number,
): Promise<Float32Array> {
  const generator = generatorFor(options, geometry);
  const graph = createGraph();
  const latents = graph.input("latents", "float32", [DRAWN, options.latent]);
  graph.output("images", generator.forward(latents, declareTensors(generator, graph), false).images);
  const session = await nodeBackend.createSession(toOnnx(graph));
  const numbers = new Float32Array(DRAWN * options.latent);
  fillNormal(numbers, randomStream(seed, "shown"));
  const weights = tensorsOf(generator).map(({ name, shape }) => {
    return [name, nodeBackend.tensor("float32", values[`${GENERATOR}${name}`]!, shape)] as const;
  });
  try {
    const feeds = { ...Object.fromEntries(weights), latents: nodeBackend.tensor("float32", numbers, latents.shape) };
    return (await session.run(feeds, ["images"])).images!.data as Float32Array;
  } finally {
    await session.release();
  }
}
