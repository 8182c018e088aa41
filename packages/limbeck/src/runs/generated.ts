import { createGraph, type RuntimeTensor, toOnnx } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { sampleLength } from "../data/dataset.js";
import { softmaxRow, topClasses } from "../evaluate/metrics.js";
import { schemeNamed } from "../recipe/schemes/index.js";
import type { GeneratedImages } from "../report/data.js";
import type { ImageSource } from "../schemes/data-free/source.js";
import { wirings } from "../schemes/index.js";
import { Classifier } from "../teachers/classifier.js";
import type { Parameters } from "../train/checkpoints.js";
import { isDataFree } from "./arms.js";
import type { RunContext, TrainedArm, TrainedTeacher } from "./context.js";

/** Images that are drawn, to see which classes the teacher takes them for. */
const DRAWN = 500;

/** How many of them the report shows. */
const SHOWN = 60;

/** Images of the first seed's training in the end, and what the teacher says of them; nothing where there are none. */
export async function generatedImages(
  { recipe, samples, threads }: RunContext,
  { arm, seeds, transfer }: TrainedArm,
  teacher: TrainedTeacher | undefined,
): Promise<GeneratedImages | undefined> {
  if (!isDataFree(recipe) || !teacher) return undefined;
  const { dataset } = samples.test;
  const classes = dataset.classes.length;
  const { name, ...options } = arm.scheme;
  const source = wirings[name]!.source!({ split: transfer, train: arm.train, options });
  const { data, dims } = await drawImages(source, seeds[0]!.parameters, recipe.seed);
  const [images, drawn] = [data as Float32Array, dims[0]!];
  const classifier = await Classifier.load(teacher.voice.file, dataset, threads);
  const logits = await classifier.logits(images, drawn);
  await classifier.release();
  const tops = topClasses(logits, classes);
  const length = sampleLength(dataset);
  const shown = Array.from({ length: Math.min(SHOWN, drawn) }, (_, row) => ({
    pixels: Uint8Array.from(images.subarray(row * length, (row + 1) * length), toByte),
    label: tops[row]!,
    share: softmaxRow(logits, row, classes)[tops[row]!]!,
  }));
  return {
    shown: shown.sort((a, b) => a.label - b.label || b.share - a.share),
    counts: dataset.classes.map((_, label) => tops.reduce((sum, top) => sum + (top === label ? 1 : 0), 0)),
    maker: schemeNamed(name).maker!,
    ...(options.related === undefined ? {} : { related: String(options.related) }),
  };
}

const toByte = (value: number) => Math.min(255, Math.max(0, Math.round(value * 255)));

/** Images [drawn, C, H, W], 0 … 1 and beyond, of a finished student's values. */
async function drawImages(source: ImageSource, values: Parameters, seed: number): Promise<RuntimeTensor> {
  const graph = createGraph();
  graph.output("images", source.shown(graph, DRAWN, seed));
  const session = await nodeBackend.createSession(toOnnx(graph));
  const weights = graph.inputs.map(({ name, shape }) => {
    return [name, nodeBackend.tensor("float32", values[name]!, shape)] as const;
  });
  try {
    return (await session.run(Object.fromEntries(weights), ["images"])).images!;
  } finally {
    await session.release();
  }
}
