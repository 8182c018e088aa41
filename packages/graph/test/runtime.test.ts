import { describe, expect, it } from "vitest";
import {
  type Backend,
  compileTraining,
  createGraph,
  type Graph,
  type GraphError,
  ops,
  permutation,
  type RuntimeTensor,
  randomStream,
  schedule,
  sgd,
  type Tensor,
  TrainingSession,
} from "../src/index.js";
import { backend } from "./backend.js";
import { expectClose } from "./harness.js";
import { FEEDS, INITIAL, regression } from "./regression.js";

const start = (options: { seed?: number; step?: number; state?: Record<string, Float32Array> } = {}) =>
  TrainingSession.create(regression(), backend, { seed: 1, state: INITIAL, threads: 1, ...options });

const snapshot = (session: TrainingSession) =>
  Object.fromEntries(Object.entries(session.state()).map(([name, values]) => [name, (values as Float32Array).slice()]));

describe("a training session", () => {
  it("lowers the loss and reports its terms", async () => {
    const session = await TrainingSession.create(regression(0), backend, { seed: 1, state: INITIAL, threads: 1 });
    const first = await session.run(FEEDS, 0.1);
    for (let step = 0; step < 50; step++) await session.run(FEEDS, 0.1);
    const last = await session.run(FEEDS, 0.1);
    expect(last.loss).toBeLessThan(first.loss! / 2);
    expect(last.mse).toBe(last.loss);
    expect(session.step).toBe(52);
    await session.release();
  });

  it("goes on from a saved state to the same bits, dropout included", async () => {
    const whole = await start();
    for (let step = 0; step < 10; step++) await whole.run(FEEDS, 0.1);
    const half = await start();
    for (let step = 0; step < 5; step++) await half.run(FEEDS, 0.1);
    const resumed = await start({ step: 5, state: snapshot(half) });
    for (let step = 5; step < 10; step++) await resumed.run(FEEDS, 0.1);
    expect(snapshot(resumed)).toEqual(snapshot(whole));
  });

  it("draws other masks for other seeds", async () => {
    const [one, two] = [await start(), await start({ seed: 2 })];
    expect((await one.run(FEEDS, 0.1)).loss).not.toBe((await two.run(FEEDS, 0.1)).loss);
  });

  it("does not change the arrays it was started with", async () => {
    const before = INITIAL["fc.weight"].slice();
    const session = await start();
    await session.run(FEEDS, 0.1);
    expect(INITIAL["fc.weight"]).toEqual(before);
  });

  it("gives the memory of old state back at once, unless it was handed out", async () => {
    const made: RuntimeTensor[] = [];
    const watched: Backend = {
      ...backend,
      tensor: (...args) => {
        const tensor = backend.tensor(...args);
        made.push(tensor);
        return tensor;
      },
    };
    const session = await TrainingSession.create(regression(), watched, { seed: 1, state: INITIAL, threads: 1 });
    const initial = made.splice(0).map(({ data }) => data as Float32Array);
    await session.run(FEEDS, 0.1);
    expect(initial.map(({ length }) => length)).toEqual(initial.map(() => 0));
    const handedOut = session.state();
    const before = snapshot(session);
    await session.run(FEEDS, 0.1);
    await session.run(FEEDS, 0.1);
    expect(handedOut).toEqual(before);
    await session.release();
  });

  it("refuses missing parameters and feeds of the wrong size, and stays usable", async () => {
    await expect(start({ state: { "fc.bias": INITIAL["fc.bias"] } })).rejects.toMatchObject({
      code: "STATE_MISMATCH",
      value: "fc.weight",
    } satisfies Partial<GraphError>);
    const session = await start();
    await expect(session.run({ ...FEEDS, x: new Float32Array(5) }, 0.1)).rejects.toMatchObject({
      code: "FEED_MISMATCH",
    });
    await expect(session.run({ ...FEEDS, x: new Float64Array(12) }, 0.1)).rejects.toMatchObject({
      code: "FEED_MISMATCH",
    });
    await expect(session.run({ ...FEEDS, z: FEEDS.x }, 0.1)).rejects.toMatchObject({
      code: "FEED_MISMATCH",
      value: "z",
    });
    await expect(session.run(FEEDS, Number.NaN)).rejects.toMatchObject({ code: "OPTION_INVALID" });
    await expect(start({ step: 3 })).rejects.toMatchObject({ code: "STATE_MISMATCH" });
    expect(session.step).toBe(0);
    expect((await session.run(FEEDS, 0.1)).loss).toBeGreaterThan(0);
  });
});

describe("a training program", () => {
  const twoLayers = () => {
    const graph = createGraph();
    const x = graph.input("x", "float32", [1, 2]);
    const [first, second] = [graph.parameter("first", "float32", [2, 2]), graph.parameter("second", "float32", [1, 2])];
    return { first, second, loss: ops.reduceSum(ops.linear(ops.linear(x, first), second)) };
  };
  const state = { first: Float32Array.of(1, 2, 3, 4), second: Float32Array.of(1, -1) };

  it("leaves parameters alone that are not to be trained", async () => {
    const { second, loss } = twoLayers();
    const training = compileTraining({ loss, optimizer: sgd(), parameters: [second] });
    const session = await TrainingSession.create(training, backend, { seed: 1, state, threads: 1 });
    await session.run({ x: Float32Array.of(1, 1) }, 1);
    expect(session.state()).toEqual({ second: Float32Array.of(1 - 3, -1 - 7) });
  });

  it("refuses what is no parameter, and terms that are no numbers or hide the loss", () => {
    const { first, loss } = twoLayers();
    const compile = (options: object) => () => compileTraining({ loss, optimizer: sgd(), ...options });
    expect(compile({ parameters: [loss] })).toThrow(/is not a parameter/);
    expect(compile({ terms: { loss } })).toThrow(/must not be called loss/);
    expect(compile({ terms: { all: first } })).toThrow(/the term all has shape/);
    expect(compile({})).not.toThrow();
  });

  it("adds momentum up inside matrix products to the same result", async () => {
    const train = async (dtype: "float32" | "float64") => {
      const graph = createGraph();
      const x = graph.input("x", dtype, [2, 3]);
      const weight = graph.parameter("weight", dtype, [2, 3]);
      const y = ops.tanh(ops.linear(x, weight));
      const training = compileTraining({ loss: ops.reduceSum(ops.mul(y, y)), optimizer: sgd({ momentum: 0.9 }) });
      const products = graph.nodes.filter(({ op, attributes }) => op === "Gemm" && attributes.beta !== undefined);
      expect(products).toHaveLength(dtype === "float32" ? 1 : 0);
      const Values = dtype === "float32" ? Float32Array : Float64Array;
      const initial = { weight: Values.from([0.1, -0.2, 0.3, 0.4, -0.5, 0.6]) };
      const session = await TrainingSession.create(training, backend, { seed: 1, state: initial, threads: 1 });
      for (let step = 0; step < 10; step++) await session.run({ x: Values.from([1, 2, -1, 0.5, -1, 1]) }, 0.05);
      return Array.from(session.state().weight as Float64Array);
    };
    expectClose(await train("float32"), await train("float64"), 1e-5, "weight");
  });

  it("takes one step at a time", async () => {
    const session = await start();
    const both = await Promise.allSettled([session.run(FEEDS, 0.1), session.run(FEEDS, 0.1)]);
    expect(both.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(session.step).toBe(1);
    await expect(session.run(FEEDS, 0.1)).resolves.toBeDefined();
  });
});

describe("gradients on two threads", () => {
  it("of repeated rows are exact, whatever thread adds them up", { timeout: 120_000 }, async () => {
    const [rows, classes, width] = [2048, 2, 64];
    const graph = createGraph();
    const table = graph.parameter("table", "float32", [classes, width]);
    const indices = graph.constant(
      "int64",
      [rows],
      Array.from({ length: rows }, (_, i) => i % classes),
    );
    const training = compileTraining({ loss: ops.reduceSum(ops.gather(table, indices)), optimizer: sgd() });
    const initial = { table: new Float32Array(classes * width) };
    const session = await TrainingSession.create(training, backend, { seed: 1, state: initial, threads: 2 });
    for (let step = 1; step <= 50; step++) {
      await session.run({}, 1);
      const wrong = (session.state().table as Float32Array).find((value) => value !== (-step * rows) / classes);
      expect(wrong, `step ${step}`).toBeUndefined();
    }
  });

  const repeated = (graph: Graph, count: number, modulus: number) =>
    graph.constant(
      "int64",
      [count, 1],
      Array.from({ length: count }, (_, i) => (i % modulus) - modulus),
    );
  it.each<[string, (table: Tensor) => Tensor]>([
    ["GatherND", (table) => ops.gatherND(table, repeated(table.graph, 2048, 2))],
    ["Gather along another axis", (table) => ops.gather(ops.transpose(table), repeated(table.graph, 2048, 2), 1)],
    ["GatherElements", (table) => ops.gatherElements(table, ops.expand(repeated(table.graph, 2048, 2), [2048, 64]))],
  ])("of %s add up every repeated row", { timeout: 120_000 }, async (_, take) => {
    const graph = createGraph();
    const table = graph.parameter("table", "float32", [2, 64]);
    const training = compileTraining({ loss: ops.reduceSum(take(table)), optimizer: sgd() });
    expect(training.graph.nodes.map(({ op }) => op)).not.toContain("ScatterND");
    const state = { table: new Float32Array(2 * 64) };
    const session = await TrainingSession.create(training, backend, { seed: 1, state, threads: 2 });
    for (let step = 1; step <= 20; step++) {
      await session.run({}, 1);
      const wrong = (session.state().table as Float32Array).find((value) => value !== -step * 1024);
      expect(wrong, `step ${step}`).toBeUndefined();
    }
  });
});

describe("dropout", () => {
  it("keeps the expected share, scaled up, and the same mask in the gradient", async () => {
    const graph = createGraph();
    const x = graph.parameter("x", "float32", [10_001]);
    const loss = ops.reduceSum(ops.dropout(x, 0.2));
    const training = compileTraining({ loss, optimizer: sgd() });
    const state = { x: new Float32Array(10_001).fill(1) };
    const session = await TrainingSession.create(training, backend, { seed: 3, state, threads: 1 });
    const report = await session.run({}, 1);
    const moved = Array.from(session.state().x as Float32Array, (value) => 1 - value);
    const kept = moved.filter((value) => value !== 0);
    expect(kept.length / moved.length).toBeCloseTo(0.8, 2);
    expect(new Set(kept.map((value) => value.toFixed(5)))).toEqual(new Set(["1.25000"]));
    expect(report.loss).toBeCloseTo(kept.length * 1.25, 0);
  });

  it("as ONNX has it passes gradients through its own mask", async () => {
    const graph = createGraph();
    const x = graph.parameter("x", "float32", [1000]);
    const [y] = graph.emit("Dropout", [x, graph.scalar(0.25), graph.constant("bool", [], [1])], { seed: 5 });
    const training = compileTraining({ loss: ops.reduceSum(y!), optimizer: sgd() });
    const state = { x: new Float32Array(1000).fill(1) };
    const session = await TrainingSession.create(training, backend, { seed: 1, state, threads: 1 });
    const { loss } = await session.run({}, 1);
    const slope = Array.from(session.state().x as Float32Array).reduce((sum, value) => sum + 1 - value, 0);
    expect(slope).toBeCloseTo(loss!, 1);
  });
});

describe("schedules", () => {
  it("climb linearly, then fall along half a cosine", () => {
    const rate = schedule({ learningRate: 0.1, totalSteps: 110, warmupSteps: 10, minimum: 0.02 });
    expectClose([0, 4, 9, 10, 60, 110].map(rate), [0.01, 0.05, 0.1, 0.1, 0.06, 0.02], 1e-12, "rate");
  });

  it("stay where they are when constant", () => {
    const rate = schedule({ learningRate: 0.1, totalSteps: 10, decay: "constant" });
    expect([rate(0), rate(9)]).toEqual([0.1, 0.1]);
  });

  it.each([{ learningRate: 0 }, { totalSteps: 0 }, { warmupSteps: 11 }])("refuse %o", (wrong) => {
    expect(() => schedule({ learningRate: 0.1, totalSteps: 10, ...wrong })).toThrow(/must be/);
  });
});

describe("random streams", () => {
  it("depend on nothing but their key", () => {
    const draw = (seed: number, ...path: string[]) =>
      Array.from(
        { length: 5 },
        (
          (stream) => () =>
            stream.int32()
        )(randomStream(seed, ...path)),
      );
    expect(draw(1, "a")).toEqual(draw(1, "a"));
    expect(draw(1, "a")).not.toEqual(draw(2, "a"));
    expect(draw(1, "a")).not.toEqual(draw(1, "b"));
  });

  it("are uniform", () => {
    const stream = randomStream(1);
    const draws = Array.from({ length: 20_000 }, () => stream.uniform());
    expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...draws)).toBeLessThan(1);
    expect(draws.reduce((a, b) => a + b) / draws.length).toBeCloseTo(0.5, 1);
  });

  it("permute", () => {
    const order = permutation(100, randomStream(1));
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect([...order]).not.toEqual([...order].sort((a, b) => a - b));
  });
});
