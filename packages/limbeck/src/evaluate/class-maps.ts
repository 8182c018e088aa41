import { createGraph, toOnnx } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { batchesToCover, createBatchTarget, fillBatch, sequentialOrder } from "../data/batches.js";
import type { ImageGeometry, Split } from "../data/dataset.js";
import { classActivation } from "../losses/explanation/cam.js";
import type { Model, ModelValues } from "../models/model.js";
import { linearHead } from "../schemes/heads.js";
import { teacherForward } from "../schemes/live-teacher.js";
import { LimbeckError } from "../support/errors.js";
import { mean } from "./statistics.js";

/** Where a network looks: the positive part of one class's activation map for each sample. */
export interface ClassMaps {
  readonly height: number;
  readonly width: number;
  /** [samples, height, width] */
  readonly values: Float32Array;
}

const BATCH = 64;

/**
 * Class activation maps of a split, in its order: Grad-CAM in closed form, up to a factor (see the loss `cam`).
 * @param classes whose maps, one for each sample
 * @returns nothing for a network that does not end in an average over places and one linear layer
 */
export async function classMaps(
  model: Model,
  values: ModelValues,
  split: Split,
  classes: Uint8Array,
  threads: number,
): Promise<ClassMaps | undefined> {
  const built = largestMapsGraph(model, values, split.dataset);
  if (!built) return undefined;
  const { graph, batch, height, width } = built;
  const session = await nodeBackend.createSession(toOnnx(graph), { threads });
  const size = split.indices.length;
  const maps = new Float32Array(size * height * width);
  const [target, order] = [createBatchTarget(split.dataset, batch), sequentialOrder(size)];
  const { channels, height: rows, width: columns } = split.dataset;
  try {
    for (let i = 0; i < batchesToCover(size, batch); i++) {
      fillBatch(split, order, i, batch, target);
      const asked = BigInt64Array.from(target.rows, (row) => BigInt(classes[row]!));
      const result = await session.run({
        images: nodeBackend.tensor("float32", target.images, [batch, channels, rows, columns]),
        classes: nodeBackend.tensor("int64", asked, [batch]),
      });
      const found = result.maps!.data as Float32Array;
      const first = i * batch * height * width;
      maps.set(found.subarray(0, Math.min(found.length, maps.length - first)), first);
    }
  } finally {
    await session.release();
  }
  return { height, width, values: maps };
}

/** Whether a network has class activation maps at all. */
export function hasClassMaps(model: Model, geometry: ImageGeometry): boolean {
  return mapsGraph(model, undefined, geometry, 1) !== undefined;
}

function mapsGraph(model: Model, values: ModelValues | undefined, geometry: ImageGeometry, batch: number) {
  const graph = createGraph();
  const { channels, height, width } = geometry;
  const images = graph.input("images", "float32", [batch, channels, height, width]);
  const head = linearHead(teacherForward({ model, values }, images).logits);
  if (!head) return undefined;
  graph.output("maps", classActivation(head, graph.input("classes", "int64", [batch])));
  const [, , rows, columns] = head.maps.shape as [number, number, number, number];
  return { graph, batch, height: rows, width: columns };
}

/** For batches; a teacher's file may be for single images. */
function largestMapsGraph(model: Model, values: ModelValues, geometry: ImageGeometry) {
  try {
    return mapsGraph(model, values, geometry, BATCH);
  } catch (error) {
    if (error instanceof LimbeckError && error.code === "TEACHER_MISMATCH")
      return mapsGraph(model, values, geometry, 1);
    throw error;
  }
}

/** Mean cosine of two networks' maps over samples, the smaller maps resized; a map without anything positive counts as 0. */
export function meanMapCosine(a: ClassMaps, b: ClassMaps): number {
  const size = { height: Math.max(a.height, b.height), width: Math.max(a.width, b.width) };
  const [left, right] = [resized(a, size), resized(b, size)];
  const length = size.height * size.width;
  return mean(
    Array.from({ length: left.length / length }, (_, i) => {
      const part = (values: Float32Array) => values.subarray(i * length, (i + 1) * length);
      return cosine(part(left), part(right));
    }),
  );
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i]!, 0);
  const size = Math.sqrt(dot(a, a) * dot(b, b));
  return size > 0 ? dot(a, b) / size : 0;
}

/** Bilinear, corners not aligned, as maps are drawn over images. */
function resized({ height, width, values }: ClassMaps, to: { height: number; width: number }): Float32Array {
  if (height === to.height && width === to.width) return values;
  const [rows, columns] = [places(height, to.height), places(width, to.width)];
  const samples = values.length / (height * width);
  const result = new Float32Array(samples * to.height * to.width);
  let at = 0;
  for (let sample = 0; sample < samples; sample++) {
    const value = (row: number, column: number) => values[(sample * height + row) * width + column]!;
    for (const [top, bottom, down] of rows) {
      for (const [left, right, across] of columns) {
        const upper = (1 - across) * value(top, left) + across * value(top, right);
        const lower = (1 - across) * value(bottom, left) + across * value(bottom, right);
        result[at++] = (1 - down) * upper + down * lower;
      }
    }
  }
  return result;
}

/** Of each new place, the two old ones that it lies between, and the share of the second. */
function places(from: number, to: number): [number, number, number][] {
  return Array.from({ length: to }, (_, i) => {
    const center = Math.min(from - 1, Math.max(0, ((i + 0.5) * from) / to - 0.5));
    const before = Math.floor(center);
    return [before, Math.min(from - 1, before + 1), center - before];
  });
}
