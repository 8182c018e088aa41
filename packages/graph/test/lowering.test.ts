import { describe, expect, it } from "vitest";
import {
  compileTraining,
  createGraph,
  type ExecutionProvider,
  fromOnnx,
  ops,
  sgd,
  type TrainingProgram,
  TrainingSession,
  type TypedArray,
  toOnnx,
} from "../src/index.js";
import { backend, inBrowser } from "./backend.js";
import { type GoldenCase, readGolden } from "./golden.js";
import { buildCase, expectClose, runGraph } from "./harness.js";

const cases = ["convolution", "normalization"].flatMap((name) => readGolden<GoldenCase>(name));

describe("what is put together for WebGPU computes the same, gradients included", () => {
  it.each(["Conv", "conv", "ConvTranspose", "convTranspose", "BatchNormalization", "batchNorm"])("%s", async (op) => {
    for (const golden of cases.filter((candidate) => candidate.op === op)) {
      const { graph, feeds, wanted } = buildCase(golden, "float32", "webgpu");
      const results = await runGraph(graph, feeds);
      golden.outputs.forEach(({ data }, i) => {
        expectClose(results[`y${i}`]!.data, data, 5e-5, `${golden.name} y${i}`);
      });
      for (const i of wanted) {
        expectClose(results[`d${i}`]!.data, golden.inputs[i]!.gradient!, 5e-5, `${golden.name} d${i}`);
      }
    }
  });
});

const [BATCH, SIDE] = [3, 5];

/** Convolutions of all kinds, batch normalization and a linear layer. */
function network(provider: ExecutionProvider): TrainingProgram {
  const graph = createGraph({ provider });
  const parameter = (name: string, shape: readonly number[]) => graph.parameter(name, "float32", shape);
  const x = graph.input("x", "float32", [BATCH, 2, SIDE, SIDE]);
  const depthwise = ops.conv(x, parameter("depthwise.weight", [4, 1, 3, 3]), undefined, { groups: 2, padding: 1 });
  const back = ops.convTranspose(depthwise, parameter("back.weight", [4, 1, 1, 1]), undefined, { groups: 2 });
  const map = ops.conv(back, parameter("conv.weight", [4, 2, 3, 3]));
  const state = {
    weight: parameter("bn.weight", [4]),
    bias: parameter("bn.bias", [4]),
    runningMean: parameter("bn.running_mean", [4]),
    runningVar: parameter("bn.running_var", [4]),
  };
  const { output, nextMean, nextVar } = ops.batchNorm(map, state, { training: true });
  const logits = ops.linear(ops.flatten(ops.relu(output)), parameter("fc.weight", [3, 4 * (SIDE - 2) ** 2]));
  const buffers = [
    { input: state.runningMean, next: nextMean },
    { input: state.runningVar, next: nextVar },
  ];
  const labels = graph.input("labels", "int64", [BATCH]);
  return compileTraining({ loss: ops.crossEntropy(logits, labels), optimizer: sgd({ momentum: 0.9 }), buffers });
}

const numbers = (size: number, seed: number) =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(i * seed + seed));

async function train(provider: ExecutionProvider): Promise<Record<string, TypedArray>> {
  const program = network(provider);
  const given = [...program.parameters, ...program.buffers];
  const state = Object.fromEntries(
    given.map(({ name, shape }, i) => [
      name,
      numbers(
        shape.reduce((a, b) => a * b),
        i + 1,
      ).map((v) => v / 2 + 0.6),
    ]),
  );
  const session = await TrainingSession.create(program, backend, { seed: 1, state, threads: 1 });
  const feeds = { x: numbers(BATCH * 2 * SIDE * SIDE, 0.7), labels: BigInt64Array.of(0n, 2n, 1n) };
  for (let step = 0; step < 2; step++) await session.run(feeds, 0.05);
  const result = Object.fromEntries(Object.entries(session.state()).map(([name, values]) => [name, values.slice()]));
  await session.release();
  return result;
}

const SLOW = { timeout: 180_000 }; // Without a graphics card, the processor compiles every shader.

it.runIf(inBrowser)("WebGPU trains to the processor's numbers (skipped in Node)", SLOW, async () => {
  const [expected, actual] = [await train("cpu"), await train("webgpu")];
  for (const [name, values] of Object.entries(expected)) {
    expectClose(Array.from(actual[name] as Float32Array), Array.from(values as Float32Array), 1e-4, name);
  }
});

it("a graph keeps what it runs on, and an imported one too", async () => {
  const program = network("webgpu");
  expect(program.graph.provider).toBe("webgpu");
  expect(program.graph.nodes.map(({ op }) => op)).not.toContain("BatchNormalization");
  const graph = createGraph();
  graph.output("y", ops.neg(graph.input("x", "float32", [2])));
  expect((await fromOnnx(toOnnx(graph), { provider: "webgpu" })).graph.provider).toBe("webgpu");
  expect(graph.provider).toBe("cpu");
});
