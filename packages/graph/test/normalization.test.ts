import { describe, expect, it } from "vitest";
import {
  compileTraining,
  createGraph,
  type Graph,
  GraphError,
  gradients,
  ops,
  sgd,
  type Tensor,
  TrainingSession,
  type TypedArray,
} from "../src/index.js";
import { backend } from "./backend.js";
import { expectClose, runGraph } from "./harness.js";

const [BATCH, CHANNELS, WIDTH] = [4, 2, 3];
const SAMPLES = Float32Array.from({ length: BATCH * CHANNELS * WIDTH }, (_, i) => Math.sin(i) * 2 + (i % 5));
const channel = (c: number) => Array.from(SAMPLES).filter((_, i) => Math.floor(i / WIDTH) % CHANNELS === c);
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b) / values.length;
const variance = (values: readonly number[], freedom = 0) =>
  values.reduce((sum, v) => sum + (v - mean(values)) ** 2, 0) / (values.length - freedom);

function declare(graph: Graph) {
  const statistic = (name: string) => graph.parameter(`bn.${name}`, "float32", [CHANNELS]);
  return {
    x: graph.input("x", "float32", [BATCH, CHANNELS, WIDTH]),
    state: {
      weight: statistic("weight"),
      bias: statistic("bias"),
      runningMean: statistic("running_mean"),
      runningVar: statistic("running_var"),
    },
  };
}

const INITIAL = {
  "bn.weight": Float32Array.of(1, 2),
  "bn.bias": Float32Array.of(0, 0.5),
  "bn.running_mean": Float32Array.of(5, -5),
  "bn.running_var": Float32Array.of(3, 0.5),
};

/** Pulls a normalized layer toward zero; running statistics are carried as buffers. */
function program() {
  const { x, state } = declare(createGraph());
  const { output, nextMean, nextVar } = ops.batchNorm(x, state, { training: true });
  return compileTraining({
    loss: ops.reduceMean(ops.mul(output, output)),
    optimizer: sgd({ momentum: 0.5 }),
    buffers: [
      { input: state.runningMean, next: nextMean },
      { input: state.runningVar, next: nextVar },
    ],
  });
}

const start = (state: Record<string, TypedArray> = INITIAL, step = 0) =>
  TrainingSession.create(program(), backend, { seed: 1, step, state, threads: 1 });

const snapshot = (session: TrainingSession) =>
  Object.fromEntries(Object.entries(session.state()).map(([name, values]) => [name, values.slice()]));

describe("batch normalization in training", () => {
  it("carries running statistics as PyTorch does, and trains scale and shift only", async () => {
    const training = program();
    expect(training.parameters.map(({ name }) => name)).toEqual(["bn.weight", "bn.bias"]);
    expect(training.buffers.map(({ name }) => name)).toEqual(["bn.running_mean", "bn.running_var"]);
    expect(training.feeds.map(({ name }) => name)).toEqual(["x"]);
    const session = await start();
    const steps = 5;
    const losses: number[] = [];
    for (let step = 0; step < steps; step++) losses.push((await session.run({ x: SAMPLES }, 0.1)).loss!);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 2);
    const old = 0.9 ** steps;
    const expected = (initial: Float32Array, limit: (c: number) => number) =>
      Array.from(initial, (value, c) => value * old + limit(c) * (1 - old));
    const state = session.state();
    const [runningMean, runningVar] = ["bn.running_mean", "bn.running_var"].map((name) =>
      Array.from(state[name] as Float32Array),
    );
    expectClose(
      runningMean!,
      expected(INITIAL["bn.running_mean"], (c) => mean(channel(c))),
      1e-5,
      "mean",
    );
    expectClose(
      runningVar!,
      expected(INITIAL["bn.running_var"], (c) => variance(channel(c), 1)),
      1e-5,
      "variance",
    );
  });

  it("goes on from a saved state to the same bits", async () => {
    const whole = await start();
    for (let step = 0; step < 6; step++) await whole.run({ x: SAMPLES }, 0.1);
    const half = await start();
    for (let step = 0; step < 3; step++) await half.run({ x: SAMPLES }, 0.1);
    const resumed = await start(snapshot(half), 3);
    for (let step = 3; step < 6; step++) await resumed.run({ x: SAMPLES }, 0.1);
    expect(snapshot(resumed)).toEqual(snapshot(whole));
  });

  it("wants a value for every buffer, and buffers that keep their type and shape", async () => {
    const { "bn.running_var": _, ...rest } = INITIAL;
    await expect(start(rest)).rejects.toMatchObject({ code: "STATE_MISMATCH", value: "bn.running_var" });
    const { x, state } = declare(createGraph());
    const loss = ops.reduceMean(ops.batchNorm(x, state).output);
    const buffers = [{ input: state.runningMean, next: ops.reshape(state.runningVar, [1, CHANNELS]) }];
    expect(() => compileTraining({ loss, optimizer: sgd(), buffers })).toThrow(/bn.running_mean is float32\[2\], but/);
  });

  it("starts no fed buffer from zeros, and feeds none", async () => {
    const graph = createGraph();
    const weight = graph.parameter("weight", "float32", []);
    const count = graph.input("count", "float32", []);
    const loss = ops.mul(weight, count);
    const training = compileTraining({ loss, optimizer: sgd(), buffers: [{ input: count, next: ops.add(count, 1) }] });
    expect([training.feeds, training.frozen]).toEqual([[], []]);
    const start = (state: Record<string, TypedArray>) =>
      TrainingSession.create(training, backend, { seed: 1, state, threads: 1 });
    const initial = { weight: Float32Array.of(0) };
    await expect(start(initial)).rejects.toMatchObject({ code: "STATE_MISMATCH", value: "count" });
    const session = await start({ ...initial, count: Float32Array.of(5) });
    await expect(session.run({ count: Float32Array.of(1) }, 1)).rejects.toMatchObject({ code: "FEED_MISMATCH" });
    await session.run({}, 1);
    expect(session.state()).toEqual({ weight: Float32Array.of(-5), count: Float32Array.of(6) });
  });

  it("carries what a step sets without reading it", async () => {
    const graph = createGraph();
    const weight = graph.parameter("weight", "float32", []);
    const x = graph.input("x", "float32", []);
    const last = graph.input("last", "float32", []);
    const training = compileTraining({
      loss: ops.mul(weight, x),
      optimizer: sgd(),
      buffers: [{ input: last, next: ops.mul(x, 2) }],
    });
    const state = { weight: Float32Array.of(0), last: Float32Array.of(7) };
    const session = await TrainingSession.create(training, backend, { seed: 1, state, threads: 1 });
    expect(session.state().last).toEqual(Float32Array.of(7));
    await session.run({ x: Float32Array.of(3) }, 1);
    await session.run({ x: Float32Array.of(4) }, 1);
    expect(session.state()).toEqual({ weight: Float32Array.of(-7), last: Float32Array.of(8) });
  });

  it.each<[string, (carried: Tensor, other: Tensor) => object]>([
    ["what is trained", (carried) => ({ parameters: [carried], buffers: [{ input: carried, next: carried }] })],
    ["what is computed", (_, other) => ({ buffers: [{ input: ops.neg(other), next: other }] })],
    ["the same twice", (carried) => ({ buffers: [0, 1].map(() => ({ input: carried, next: carried })) })],
  ])("carries not %s", (_, build) => {
    const graph = createGraph();
    const [carried, other] = ["a", "b"].map((name) => graph.parameter(name, "float32", [])) as [Tensor, Tensor];
    const options = { loss: ops.mul(carried, other), optimizer: sgd(), ...build(carried, other) };
    expect(() => compileTraining(options)).toThrow(expect.objectContaining({ code: "OPTION_INVALID" }));
  });

  it("leaves the given statistics alone, also where one layer is used twice", async () => {
    const graph = createGraph();
    const { x, state } = declare(graph);
    const first = ops.batchNorm(x, state, { training: true });
    const second = ops.batchNorm(ops.mul(x, 2), { ...state, ...runningOf(first) }, { training: true, momentum: 0.5 });
    const third = ops.batchNorm(ops.mul(x, 3), state, { training: true, momentum: 0.5 });
    const outputs = { first: first.nextMean, second: second.nextMean, third: third.nextMean };
    for (const [name, tensor] of Object.entries(outputs)) graph.output(name, tensor);
    const fed = Object.fromEntries(Object.entries(INITIAL).map(([name, values]) => [name, values.slice()]));
    const results = await runGraph(graph, { x: SAMPLES, ...fed });
    expect(fed).toEqual(INITIAL);
    const now = mean(channel(0));
    expectClose([results.first!.data[0]!], [5 * 0.9 + now * 0.1], 1e-5, "first");
    expectClose([results.second!.data[0]!], [(5 * 0.9 + now * 0.1) * 0.5 + now], 1e-5, "second");
    expectClose([results.third!.data[0]!], [2.5 + now * 1.5], 1e-5, "third");
  });
});

const runningOf = ({ nextMean, nextVar }: { nextMean: Tensor; nextVar: Tensor }) => ({
  runningMean: nextMean,
  runningVar: nextVar,
});

describe("layer normalization", () => {
  it("returns mean and inverse standard deviation, which carry no gradient", async () => {
    const graph = createGraph();
    const x = graph.input("x", "float32", [2, 3]);
    const scale = graph.constant("float32", [3], [1, 1, 1]);
    const [, center, inverse] = graph.emit("LayerNormalization", [x, scale], { epsilon: 0.25 });
    graph.output("mean", center!);
    graph.output("inverse", inverse!);
    const results = await runGraph(graph, { x: Float32Array.of(1, 2, 6, -1, -1, -1) });
    expect(results.mean!.shape).toEqual([2, 1]);
    expectClose(results.mean!.data, [3, -1], 1e-6, "mean");
    expectClose(results.inverse!.data, [1 / Math.sqrt(variance([1, 2, 6]) + 0.25), 2], 1e-6, "inverse");
    expect(() => gradients(ops.reduceSum(center!), [x])).toThrow(/carry no gradient/);
  });
});

it("a frozen batch normalization passes gradients on", async () => {
  const graph = createGraph();
  const { x, state } = declare(graph);
  const { output, nextMean } = ops.batchNorm(x, state, { eps: 0 });
  expect(nextMean).toBe(state.runningMean);
  const [dX] = gradients(ops.reduceSum(output), [x]);
  graph.output("dX", dX!);
  const { dX: result } = await runGraph(graph, { x: SAMPLES, ...INITIAL });
  expectClose(
    result!.data,
    Array.from(SAMPLES, (_, i) => [1 / Math.sqrt(3), 2 / Math.sqrt(0.5)][Math.floor(i / WIDTH) % CHANNELS]!),
    1e-6,
    "dX",
  );
});

describe("refusals", () => {
  const graph = createGraph();
  const x = graph.input("x", "float32", [2, 6, 4]);
  const one = graph.input("one", "float32", [1, 6]);
  const six = graph.input("six", "float32", [6]);
  const four = graph.input("four", "float32", [4]);
  const doubles = graph.input("doubles", "float64", [6]);
  const state = { weight: six, bias: six, runningMean: six, runningVar: six };

  it.each<[string, () => unknown, string, RegExp]>([
    ["scales of another size", () => ops.batchNorm(x, { ...state, weight: four }), "SHAPE_MISMATCH", /must be \[6\]/],
    ["scales of another type", () => ops.batchNorm(x, { ...state, bias: doubles }), "DTYPE_MISMATCH", /do not mix/],
    ["momentum 2", () => ops.batchNorm(x, state, { momentum: 2 }), "OPTION_INVALID", /momentum/],
    ["a batch of one", () => ops.batchNorm(one, state, { training: true }), "SHAPE_MISMATCH", /no variance/],
    ["no channels", () => ops.batchNorm(six, state), "SHAPE_MISMATCH", /at least 2 dimensions/],
    ["4 groups of 6 channels", () => ops.groupNorm(x, 4), "OPTION_INVALID", /4 groups do not divide 6/],
    ["no spatial axis", () => ops.instanceNorm(one), "SHAPE_MISMATCH", /at least 3 dimensions/],
    ["a layer's wrong weight", () => ops.layerNorm(x, six), "SHAPE_MISMATCH", /must be \[4\]/],
    ["p = 3", () => graph.emit("LpNormalization", [x], { p: 3 }), "ATTRIBUTE_INVALID", /p must be 1 or 2/],
    ["an axis too far", () => ops.lpNormalize(x, 3), "ATTRIBUTE_INVALID", /axis 3/],
    ["axes too far", () => ops.meanVarianceNormalize(x, [5]), "ATTRIBUTE_INVALID", /axis 5/],
  ])("%s", (_, action, code, message) => {
    expect(action).toThrow(GraphError);
    expect(action).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });

  it("gradients of running statistics", () => {
    const attributes = { training_mode: 1, momentum: 0 };
    const [y, center] = graph.emit("BatchNormalization", [x, six, six, six, six], attributes);
    const loss = ops.add(ops.reduceSum(y!), ops.reduceSum(center!));
    expect(() => gradients(loss, [x])).toThrow(/the running statistics of BatchNormalization carry no gradient/);
  });
});
