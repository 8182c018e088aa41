import { randomStream } from "@limbeck/graph";
import { type ImageGeometry, sampleLength } from "../../data/dataset.js";
import { toOnnxModel } from "../../models/inference.js";
import type { Model, ModelValues } from "../../models/model.js";
import { Classifier } from "../classifier.js";

/** Images that a file is tried with. */
export const TRIED = 3;

/** How far answers to a batch may be from those to single images, as a share of the largest. */
const TOLERANCE = 1e-3;

/** The file for any batch, where the nodes allow it. */
export async function batchedFile(
  model: Model,
  images: ImageGeometry,
  alone: Uint8Array,
  values: ModelValues = {},
): Promise<Uint8Array | undefined> {
  try {
    const file = toOnnxModel(model, images, values);
    const [each, all] = [await answersTo(alone, images), await answersTo(file, images)];
    return areAlike(all, each) ? file : undefined;
  } catch {
    // Shapes that are built in show when the graph is checked, or when ONNX Runtime runs it.
    return undefined;
  }
}

/** Whether answers differ by no more than rounding explains. */
export function areAlike(answers: Float32Array, expected: Float32Array): boolean {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const isNear = (value: number, i: number) => Math.abs(value - expected[i]!) <= TOLERANCE * largest;
  return answers.length === expected.length && answers.every(isNear);
}

/** What a file answers to a few images of noise. */
export async function answersTo(file: Uint8Array, images: ImageGeometry): Promise<Float32Array> {
  const random = randomStream(0, "teacher");
  const pixels = Float32Array.from({ length: TRIED * sampleLength(images) }, () => random.below(256) / 255);
  const classifier = await Classifier.load(file, images, 1);
  try {
    return await classifier.logits(pixels, TRIED);
  } finally {
    await classifier.release();
  }
}
