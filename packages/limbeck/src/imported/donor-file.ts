import { readWeights } from "@limbeck/graph";
import type { ModelValues } from "../models/model.js";
import { readModelFile } from "../support/model-file.js";
import { readSafetensors } from "../support/safetensors.js";
import type { DonorShapes } from "./donation.js";

/** Numbers of a network that lie in a file. */
export interface DonorFile {
  readonly shapes: DonorShapes;
  readonly values: ModelValues;
}

/**
 * Reads all tensors of floating point of an ONNX file or, where its name ends so, a safetensors file.
 * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE @throws GraphError MODEL_INVALID, MODEL_UNSUPPORTED
 */
export function readDonor(path: string): DonorFile {
  const tensors = path.endsWith(".safetensors") ? stored(path) : readWeights(...modelFile(path));
  return {
    shapes: new Map([...tensors].map(([name, { shape }]) => [name, shape])),
    values: Object.fromEntries([...tensors].map(([name, { data }]) => [name, data])),
  };
}

function modelFile(path: string): Parameters<typeof readWeights> {
  const { bytes, externalData } = readModelFile(path);
  return [bytes, { externalData }];
}

function stored(path: string): ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }> {
  const { tensors } = readSafetensors(path);
  return new Map(
    Object.entries(tensors).flatMap(([name, { shape, data }]) =>
      data instanceof Float32Array ? [[name, { shape, data }] as const] : [],
    ),
  );
}
