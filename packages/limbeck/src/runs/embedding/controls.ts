import { batchesOf } from "../../data/batches.js";
import type { Split } from "../../data/dataset.js";
import { drawAtMost } from "../../data/split.js";
import { fitLinearMap } from "../../evaluate/embedding/linear-map.js";
import { type EmbeddingReference, measureEmbeddings } from "../../evaluate/embedding/measures.js";
import type { EmbeddingControl } from "../../evaluate/embedding/results.js";
import { meanVector, repeated, type Vectors } from "../../evaluate/embedding/vectors.js";
import { takeRows } from "../../evaluate/rows.js";
import { toOnnxModel } from "../../models/inference.js";
import { initialize } from "../../models/model.js";
import { Classifier } from "../../teachers/classifier.js";
import { fileOf } from "../../teachers/voice.js";
import type { RunContext, TrainedArm, TrainedTeacher } from "../context.js";

/** Training samples that controls are fitted to. */
const MOST_SAMPLES = 2000;

/** Images are averaged over so many rows and columns of places, or fewer. */
const GRID = 8;

const BATCH = 256;

/** What costs nothing, and has to be beaten: the student before it has learned, a linear map, and the mean. */
export async function measureControls(
  context: RunContext,
  { model, seeds, transfer }: TrainedArm,
  teacher: TrainedTeacher,
  reference: EmbeddingReference,
): Promise<EmbeddingControl[]> {
  const { recipe, samples } = context;
  const { test } = samples;
  const fitted = drawAtMost(transfer, MOST_SAMPLES, recipe.seed);
  const targets = await teacherVectors(context, teacher, fitted);
  const untrained: Vectors[] = [];
  for (const { seed } of seeds) {
    const file = toOnnxModel(model, test.dataset, initialize(model, seed));
    untrained.push(await embed(context, file, test));
  }
  const linear = fitLinearMap(gridOf(fitted), targets)(gridOf(test));
  const constant = repeated(meanVector(targets), test.indices.length);
  const measure = (vectors: readonly Vectors[]) => measureEmbeddings(reference, vectors, recipe.seed);
  const what = "columns" in test.dataset ? "the numbers" : `the pixels, averaged over ${GRID} × ${GRID} places`;
  return [
    { name: "untrained", description: "the student before it has learned", ...(await measure(untrained)) },
    { name: "linear", description: `the best linear map of ${what}`, ...(await measure([linear])) },
    { name: "mean", description: "the mean of the teacher's embeddings, always", ...(await measure([constant])) },
  ];
}

/** A network's embeddings of a split, in its order. */
export async function embed({ threads }: RunContext, file: Uint8Array, split: Split, width?: number): Promise<Vectors> {
  const classifier = await Classifier.load(file, split.dataset, threads);
  try {
    const values = await classifier.classify(split, width);
    return { values, width: values.length / split.indices.length };
  } finally {
    await classifier.release();
  }
}

async function teacherVectors(context: RunContext, { outputs, ...teacher }: TrainedTeacher, split: Split) {
  if (!outputs) return embed(context, fileOf(teacher), split, teacher.voice.width);
  const { classes: width, logits } = outputs;
  return { values: takeRows(logits, width, split.indices), width };
}

/** Samples as few numbers: each channel, averaged over a grid of places. */
function gridOf(split: Split): Vectors {
  const { channels, height, width } = split.dataset;
  const [rows, columns] = [Math.min(GRID, height), Math.min(GRID, width)];
  const cells = channels * rows * columns;
  const values = new Float32Array(split.indices.length * cells);
  const share = (rows * columns) / (height * width);
  for (const { first, count, images } of batchesOf(split, BATCH)) {
    for (let i = 0; i < count * channels * height * width; i++) {
      const [x, y] = [i % width, Math.floor(i / width) % height];
      const plane = Math.floor(i / (width * height));
      const cell = Math.floor((y * rows) / height) * columns + Math.floor((x * columns) / width);
      values[first * cells + plane * rows * columns + cell]! += images[i]! * share;
    }
  }
  return { values, width: cells };
}
