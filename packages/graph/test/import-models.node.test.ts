import { readFileSync } from "node:fs";
import { join } from "node:path";
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
  type TypedArray,
  toOnnx,
} from "../src/index.js";
import type { KnownValue } from "../src/onnx/data-types.js";
import { backend } from "./backend.js";
import { largestError, runModel } from "./onnx-files.js";

const data = process.env.LIMBECK_DATA_DIR;

interface Published {
  readonly file: string;
  readonly dims: ImportOptions["dims"];
  readonly trainable: readonly string[];
  /** Draws one number of an input. */
  readonly draw: (uniform: number) => number;
  readonly learningRate: number;
  /** Where training cuts the model: behind a saturated softmax nothing is left to learn. */
  readonly until?: readonly string[];
}

const models: readonly Published[] = [
  { file: "mobilenet_v2_224.onnx", dims: { N: 2 }, trainable: ["*"], draw: (u) => 2 * u - 1, learningRate: 1e-3 },
  { file: "FastestDet.onnx", dims: {}, trainable: ["*"], draw: (u) => u, learningRate: 1e-3 },
  {
    file: "magika_v3_3.onnx",
    dims: { "*": 2 },
    trainable: ["*"],
    draw: (u) => Math.floor(256 * u),
    learningRate: 1e-4,
    until: ["*/Dense_1/AddV2:0"],
  },
];

function randomFeeds(inputs: ReadonlyMap<string, Tensor>, draw: Published["draw"]): Record<string, KnownValue> {
  return Object.fromEntries(
    [...inputs].map(([name, { dtype, shape }]) => {
      const stream = randomStream(3, name);
      const numbers = Array.from({ length: sizeOf(shape) }, () => draw(stream.uniform()));
      return [name, { dtype, shape, data: toTypedArray(dtype, numbers) }];
    }),
  );
}

/** Losses of a few steps that pull the outputs towards zero. */
async function train(bytes: Uint8Array, model: Published, feeds: Record<string, TypedArray>): Promise<number[]> {
  const { dims = {}, trainable, until } = model;
  const { outputs, parameters } = await fromOnnx(bytes, { dims, trainable, ...(until ? { until } : {}) });
  const [output] = [...outputs.values()];
  const loss = ops.reduceMean(ops.mul(output!, output!));
  const program = compileTraining({ loss, optimizer: sgd() });
  const session = await TrainingSession.create(program, backend, { seed: 1, state: parameters, threads: 2 });
  const losses: number[] = [];
  for (let i = 0; i < 3; i++) losses.push((await session.run(feeds, model.learningRate)).loss!);
  await session.release();
  return losses;
}

describe.skipIf(data === undefined)("published models (LIMBECK_DATA_DIR names their folder's parent)", () => {
  describe.each(models.map((model) => [model.file, model] as const))("%s", (file, model) => {
    const read = () => readFileSync(join(data!, "models", file));

    it("computes the same once it is a graph", async () => {
      const bytes = read();
      const { graph, inputs } = await fromOnnx(bytes, { dims: model.dims ?? {} });
      const feeds = randomFeeds(inputs, model.draw);
      const expected = await runModel(bytes, feeds);
      const results = await runModel(toOnnx(graph), feeds);
      expect(Object.keys(results)).toEqual(Object.keys(expected));
      for (const [name, { shape, data: numbers }] of Object.entries(expected)) {
        expect(results[name]!.shape).toEqual(shape);
        expect(largestError(results[name]!.data, numbers), name).toBeLessThanOrEqual(1e-4);
      }
    });

    it("learns", async () => {
      const bytes = read();
      const { inputs } = await fromOnnx(bytes, { dims: model.dims ?? {} });
      const feeds = Object.entries(randomFeeds(inputs, model.draw)).map(([name, value]) => [name, value.data] as const);
      const losses = await train(bytes, model, Object.fromEntries(feeds));
      expect(losses[1]).toBeLessThan(losses[0]!);
      expect(losses[2]).toBeLessThan(losses[1]!);
    });
  });
});
