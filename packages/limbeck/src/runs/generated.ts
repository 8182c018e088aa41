import { createGraph, randomStream, toOnnx } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { type ImageDataset, sampleLength } from "../data/dataset.js";
import { softmaxRow, topClasses } from "../evaluate/metrics.js";
import { declareTensors, tensorsOf } from "../models/model.js";
import type { DataFreeOptions } from "../recipe/schemes/data-free.js";
import type { GeneratedImages } from "../report/data.js";
import { buildGenerator, GENERATOR } from "../schemes/data-free/generator.js";
import { fillNormal } from "../schemes/data-free/images.js";
import { Classifier } from "../teachers/classifier.js";
import type { Parameters } from "../train/checkpoints.js";
import { isDataFree } from "./arms.js";
import type { RunContext, TrainedArm, TrainedTeacher } from "./context.js";

/** Images that are drawn, to see which classes the teacher takes them for. */
const DRAWN = 500;

/** How many of them the report shows. */
const SHOWN = 60;

/** What the first seed's generator makes in the end, and what the teacher says of it; nothing where there is none. */
export async function generatedImages(
  { recipe, samples, threads }: RunContext,
  { seeds }: TrainedArm,
  teacher: TrainedTeacher | undefined,
): Promise<GeneratedImages | undefined> {
  if (!isDataFree(recipe) || !teacher) return undefined;
  const { dataset } = samples.test;
  const classes = dataset.classes.length;
  const options = recipe.scheme as unknown as DataFreeOptions;
  const images = await drawImages(options, dataset, seeds[0]!.parameters, recipe.seed);
  const classifier = await Classifier.load(teacher.voice.file, dataset, threads);
  const logits = await classifier.logits(images, DRAWN);
  await classifier.release();
  const tops = topClasses(logits, classes);
  const length = sampleLength(dataset);
  const shown = Array.from({ length: SHOWN }, (_, row) => ({
    pixels: Uint8Array.from(images.subarray(row * length, (row + 1) * length), toByte),
    label: tops[row]!,
    share: softmaxRow(logits, row, classes)[tops[row]!]!,
  }));
  return {
    shown: shown.sort((a, b) => a.label - b.label || b.share - a.share),
    counts: dataset.classes.map((_, label) => tops.reduce((sum, top) => sum + (top === label ? 1 : 0), 0)),
    ...(options.related === undefined ? {} : { related: options.related }),
  };
}

const toByte = (value: number) => Math.min(255, Math.max(0, Math.round(value * 255)));

/** Images by running statistics, [drawn, C, H, W], 0 … 1 and beyond. */
async function drawImages(
  options: DataFreeOptions,
  geometry: ImageDataset,
  values: Parameters,
  seed: number,
): Promise<Float32Array> {
  const generator = buildGenerator(options, geometry);
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
