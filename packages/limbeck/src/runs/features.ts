import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import type { ImageDataset, Split } from "../data/dataset.js";
import { hashSamples } from "../data/samples/samples.js";
import { toOnnxModel } from "../models/inference.js";
import type { Model, ModelParts } from "../models/model.js";
import type { DistillTerm, TrainOptions } from "../recipe/schema.js";
import { needsOf } from "../schemes/needs.js";
import { LimbeckError } from "../support/errors.js";
import { readSafetensors, writeSafetensors } from "../support/safetensors.js";
import { Breath, Rate, Timer } from "../support/timer.js";
import { Classifier } from "../teachers/classifier.js";
import { Interrupted } from "../train/events.js";
import type { RunContext } from "./context.js";
import type { RunEvent } from "./events.js";
import type { RunSamples } from "./samples.js";

const PHASE = "features";
const PROGRESS_MS = 200;

/** Needs of terms that features and stored answers serve. */
const SERVED: readonly string[] = ["labels", "targets", "teacher logits"];

/** The parts of a model whose body would see the same images in each epoch, and of which terms look at answers alone. */
export function partsOf(model: Model, train: TrainOptions, terms: readonly DistillTerm[]): ModelParts | undefined {
  const isServed = [...needsOf(terms)].every((need) => SERVED.includes(need));
  return train.augment.length === 0 && isServed ? model.parts : undefined;
}

/** Samples with what a frozen body sees in the place of their images: computed once, and kept in the run folder. */
export async function* featureSamples(
  context: RunContext,
  { body, width }: ModelParts,
): AsyncGenerator<RunEvent, RunSamples> {
  const { train, test } = context.samples;
  const file = toOnnxModel(body, train.dataset, {});
  const start = performance.now();
  const parts = [train, test].map((split) => {
    const path = pathOf(context, file, split);
    return { split, path, known: load(path, split.indices.length * width) };
  });
  const isKnown = parts.every(({ known }) => known);
  if (!isKnown) yield { type: "phase-start", phase: PHASE };
  const seen: Split[] = [];
  for (const { split, path, known } of parts) {
    let rows = known;
    if (!rows) {
      rows = yield* featuresOf(context, file, split, width);
      const tensors = { features: { dtype: "float32" as const, shape: [split.indices.length, width], data: rows } };
      writeSafetensors(path, { tensors, metadata: {} });
    }
    seen.push(withFeatures(split, rows, width));
  }
  const seconds = (performance.now() - start) / 1000;
  if (!isKnown) yield { type: "phase-end", phase: PHASE, seconds, reused: false };
  return { ...context.samples, train: seen[0]!, test: seen[1]! };
}

function pathOf({ folder }: RunContext, file: Uint8Array, { dataset, indices }: Split): string {
  const hash = hashSamples(createHash("sha256").update(file), dataset).update(indices).digest("hex");
  return folder.file("cache", `features-${hash.slice(0, 32)}.safetensors`);
}

/** What the body sees of each sample, [samples, width] in the split's order. */
async function* featuresOf(
  context: RunContext,
  file: Uint8Array,
  split: Split,
  width: number,
): AsyncGenerator<RunEvent, Float32Array> {
  const totalSteps = split.indices.length;
  const rows = new Float32Array(totalSteps * width);
  const classifier = await Classifier.load(file, split.dataset, context.threads);
  const [rate, due, breath] = [new Rate(), new Timer(PROGRESS_MS), new Breath()];
  try {
    for await (const { first, count, logits } of classifier.batches(split)) {
      rows.set(logits, first * width);
      const step = first + count;
      if (due.rings()) {
        yield { type: "progress", phase: PHASE, step, totalSteps, loss: null, stepsPerSecond: rate.at(step) };
      }
      await breath.take();
      if (context.signal.aborted) throw new Interrupted("it was stopped");
    }
  } finally {
    await classifier.release();
  }
  return rows;
}

function load(path: string, length: number): Float32Array | undefined {
  try {
    const data = existsSync(path) ? readSafetensors(path).tensors.features?.data : undefined;
    return data instanceof Float32Array && data.length === length ? data : undefined;
  } catch (error) {
    if (error instanceof LimbeckError) return undefined;
    throw error;
  }
}

/** Rows stand where the samples stand in the data set, so that stored answers are found. */
function withFeatures({ dataset, indices }: Split, rows: Float32Array, width: number): Split {
  const pixels = new Float32Array(dataset.size * width);
  indices.forEach((sample, row) => {
    pixels.set(rows.subarray(row * width, (row + 1) * width), sample * width);
  });
  const { moments: _, spread: __, ...known } = dataset;
  const seen: ImageDataset = { ...known, channels: width, height: 1, width: 1, pixels };
  return { dataset: seen, indices };
}
