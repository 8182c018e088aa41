/**
 * A process of its own: loads the ONNX file named by its first argument, answers a few times at batch 1 and prints its
 * peak resident memory in bytes. The second argument is a {@link ProbedInput} as JSON.
 */
import { nodeBackend } from "@limbeck/graph/node";
import { readBytes } from "../support/files.js";
import { readModelFile } from "../support/model-file.js";
import { peakMemoryBytes } from "../support/peak-memory.js";

/** 0.5 of the range, and of half numbers; of whole numbers, one that vocabularies have. */
const FILLED = {
  float32: [Float32Array, 0.5],
  float16: [Uint16Array, 0x3800],
  uint8: [Uint8Array, 128],
  int32: [Int32Array, 1],
  int64: [BigInt64Array, 1n],
} as const;

/** What a model is fed. */
export interface ProbedInput {
  readonly name: string;
  readonly dtype: keyof typeof FILLED;
  readonly shape: readonly number[];
  /** Files beside the model that hold its numbers. */
  readonly weights: readonly string[];
  /** What of the model is loaded, as a file of its own. Default: all. */
  readonly cut?: string;
}

const RUNS = 10;

const [path, json] = process.argv.slice(2);
const { name, dtype, shape, weights, cut }: ProbedInput = JSON.parse(json!);
const [Numbers, value] = FILLED[dtype];
const data = new Numbers(shape.reduce((a, b) => a * b, 1)).fill(value as never);
// What is not loaded must not count.
const whole = cut === undefined || weights.length > 0 ? readModelFile(path!) : undefined;
const session = await nodeBackend.createSession(cut === undefined ? whole!.bytes : readBytes(cut), {
  threads: 1,
  weights: new Map(weights.map((location) => [location, whole!.externalData(location)])),
});
for (let run = 0; run < RUNS; run++) await session.run({ [name]: nodeBackend.tensor(dtype, data, shape) });
process.stdout.write(String(peakMemoryBytes()));
