import { createGraph, type RuntimeTensor, toOnnx } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { sampleLength, sampleName } from "../data/dataset.js";
import { meanAndStd } from "../data/moments/measure.js";
import type { Moments } from "../data/moments/moments.js";
import { softmaxRow, topClasses } from "../evaluate/metrics.js";
import { takesSample } from "../recipe/schemes/fit-generated.js";
import { schemeNamed } from "../recipe/schemes/index.js";
import type { GeneratedSamples } from "../report/data.js";
import type { ImageSource } from "../schemes/data-free/source.js";
import { wirings } from "../schemes/index.js";
import { Classifier } from "../teachers/classifier.js";
import { fileOf } from "../teachers/voice.js";
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
  { recipe, samples, threads }: RunContext,
  { arm, seeds, transfer }: TrainedArm,
  teacher: TrainedTeacher | undefined,
): Promise<GeneratedSamples | undefined> {
  if (!isDataFree(recipe) || !teacher) return undefined;
  const { dataset } = samples.test;
  const classes = dataset.classes.length;
  const { name, ...options } = arm.scheme;
  const source = wirings[name]!.source!({ split: transfer, train: arm.train, options });
  const { data, dims } = await drawSamples(source, seeds[0]!.parameters, recipe.seed);
  const [values, drawn] = [data as Float32Array, dims[0]!];
  const classifier = await Classifier.load(fileOf(teacher.voice), dataset, threads);
  const logits = await classifier.logits(values, drawn);
  await classifier.release();
  const tops = topClasses(logits, classes);
  const length = sampleLength(dataset);
  const { moments } = dataset;
  const valuesAt = (row: number) => values.slice(row * length, (row + 1) * length);
  const fromSamples = takesSample(arm.scheme);
  const rowsShown = fromSamples ? 0 : SHOWN_ROWS;
  const shown = Array.from({ length: Math.min(moments ? rowsShown : SHOWN, drawn) }, (_, row) => ({
    pixels: moments ? valuesAt(row) : Uint8Array.from(valuesAt(row), toByte),
    label: tops[row]!,
    share: softmaxRow(logits, row, classes)[tops[row]!]!,
  }));
  return {
    maker: schemeNamed(name).maker!(`${sampleName(dataset)}s`, options),
    fromSamples,
    shown: shown.sort((a, b) => a.label - b.label || b.share - a.share),
    counts: dataset.classes.map((_, label) => tops.reduce((sum, top) => sum + (top === label ? 1 : 0), 0)),
    ...(moments ? { columns: compared(moments, values) } : {}),
    ...(options.related === undefined ? {} : { related: String(options.related) }),
  };
}

const toByte = (value: number) => Math.min(255, Math.max(0, Math.round(value * 255)));

/** Each column's mean and deviation, as they were stored and as they were made. */
function compared({ columns, mean, std, length }: Moments, made: Float32Array) {
  const numbers = Float64Array.from(made);
  return columns.map((name, c) => {
    const values = numbers.filter((_, i) => Math.floor(i / length) % columns.length === c);
    return { name, stored: { mean: mean[c]!, std: std[c]! }, made: meanAndStd(values) };
  });
}

/** Samples [drawn, C, H, W] of a finished student's values; pixels of images are 0 … 1 and beyond. */
async function drawSamples(source: ImageSource, values: Parameters, seed: number): Promise<RuntimeTensor> {
  const graph = createGraph();
  graph.output("samples", source.shown(graph, DRAWN, seed));
  const session = await nodeBackend.createSession(toOnnx(graph));
  const weights = graph.inputs.map(({ name, shape }) => {
    return [name, nodeBackend.tensor("float32", values[name]!, shape)] as const;
  });
  try {
    return (await session.run(Object.fromEntries(weights), ["samples"])).samples!;
  } finally {
    await session.release();
  }
}
