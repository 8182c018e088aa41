import { describe, expect, it } from "vitest";
import {
  adam,
  compileTraining,
  createGraph,
  mergeCommon,
  ops,
  printGraph,
  type Tensor,
  TrainingSession,
} from "../../src/index.js";
import { backend } from "../backend.js";
import { expectClose, runGraph } from "../harness.js";
import { someNumbers } from "../onnx-files.js";
import { count, expectSame } from "./same.js";

describe("common sub-expressions", () => {
  it("become one, and so do equal constants", async () => {
    const graph = createGraph();
    const x = graph.input("x", "float32", [2, 3]);
    const weight = graph.constant("float32", [2, 3], [1, 2, 3, 4, 5, 6]);
    const again = graph.constant("float32", [2, 3], [1, 2, 3, 4, 5, 6]);
    const left = ops.reshape(ops.mul(ops.exp(x), weight), [3, 2]);
    const right = ops.reshape(ops.mul(ops.exp(x), again), [3, 2]);
    graph.output("y", ops.sub(left, ops.softmax(right, 0)));
    graph.output("z", right);
    const merged = mergeCommon(graph);
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "graph {
        input x: float32[2,3]
        exp_1: float32[2,3] = Exp(x)
        mul_1: float32[2,3] = Mul(exp_1, [1,2,3,4,5,6])
        reshape_1: float32[3,2] = Reshape(mul_1, [3,2])
        exp_2: float32[2,3] = Exp(x)
        mul_2: float32[2,3] = Mul(exp_2, [1,2,3,4,5,6])
        reshape_2: float32[3,2] = Reshape(mul_2, [3,2])
        softmax_1: float32[3,2] = Softmax(reshape_2; axis=0)
        sub_1: float32[3,2] = Sub(reshape_1, softmax_1)
        return y = sub_1, z = reshape_2
      }"
    `);
    expect(printGraph(merged)).toMatchInlineSnapshot(`
      "graph {
        input x: float32[2,3]
        exp_1: float32[2,3] = Exp(x)
        mul_1: float32[2,3] = Mul(exp_1, [1,2,3,4,5,6])
        reshape_1: float32[3,2] = Reshape(mul_1, [3,2])
        softmax_1: float32[3,2] = Softmax(reshape_1; axis=0)
        sub_1: float32[3,2] = Sub(reshape_1, softmax_1)
        return y = sub_1, z = reshape_1
      }"
    `);
    expect(merged.constants).toHaveLength(2);
    await expectSame(merged, graph);
  });

  it("keep both names of an output that is computed twice", async () => {
    const graph = createGraph();
    const x = graph.input("x", "float32", [2]);
    const [a, b] = [ops.exp(x), ops.exp(x)];
    graph.rename(a, "a");
    graph.rename(b, "b");
    graph.output("a", a);
    graph.output("b", b);
    const merged = mergeCommon(graph);
    expect(count(merged, "Exp")).toBe(1);
    await expectSame(merged, graph);
  });

  it("are told apart by operator, attributes, order, type, shape, sign of zero and what is detached", () => {
    const graph = createGraph();
    const x = graph.input("x", "float32", [2, 2]);
    const zeros = [graph.constant("float32", [2, 2], [0, 0, 0, 0]), graph.constant("float32", [2, 2], [0, -0, 0, 0])];
    const wide = graph.constant("float32", [1, 2, 2], [0, 0, 0, 0]);
    const values = [
      ...[ops.softmax(x, 0), ops.softmax(x, 1), ops.logSoftmax(x, 0), ops.identity(x), ops.detach(x)],
      ...[ops.sub(x, zeros[0]!), ops.sub(zeros[0]!, x), ops.sub(x, zeros[1]!), ops.sub(x, wide)],
      ...[ops.cast(x, "float64"), ops.cast(x, "int32")],
    ];
    for (const [i, value] of values.entries()) graph.output(`y${i}`, value);
    const merged = mergeCommon(graph);
    expect(merged.nodes).toHaveLength(values.length);
    expect(merged.constants).toHaveLength(3);
  });

  it("leave randomness, inputs and parameters alone", () => {
    const graph = createGraph();
    const x = graph.input("x", "float32", [8]);
    const training = [graph.scalar(0.5), graph.constant("bool", [], [1])];
    const still = [graph.scalar(0.5), graph.constant("bool", [], [0])];
    const random = [0, 1].map(() => graph.emit("Dropout", [x, ...training])[0]!);
    const masks = [0, 1].map(() => ops.dropout(x, 0.5));
    const fixed = [0, 1].map(() => graph.emit("Dropout", [x, ...still])[0]!);
    const weights = ["a", "b"].map((name) => ops.mul(x, graph.parameter(name, "float32", [8])));
    const values = [...random, ...masks, ...weights, ...fixed];
    for (const [i, value] of values.entries()) graph.output(`y${i}`, value);
    const merged = mergeCommon(graph);
    expect([count(merged, "Dropout"), count(merged, "Mul")]).toEqual([3, 4]);
    expect(merged.inputs.map(({ name }) => name)).toEqual(graph.inputs.map(({ name }) => name));
  });

  it.each([0.5, 0.8])(
    "of ONNX Runtime's own are never what batch normalization writes over: momentum %d",
    async (momentum) => {
      for (const nodesBefore of [0, 1, 2]) {
        const graph = createGraph();
        const x = graph.input("x", "float32", [4, 1]);
        const [weight, bias, runningMean, runningVar] = ["w", "b", "m", "v"].map((name) =>
          graph.input(name, "float32", [1]),
        );
        const state = { weight: weight!, bias: bias!, runningMean: runningMean!, runningVar: runningVar! };
        const value = Array.from({ length: nodesBefore }).reduce<Tensor>((y) => ops.neg(y), x);
        const { output, nextMean, nextVar } = ops.batchNorm(value, state, { training: true, momentum });
        for (const [name, tensor] of Object.entries({ output, nextMean, nextVar })) graph.output(name, tensor);
        const one = (number: number) => Float32Array.of(number);
        const feeds = { x: Float32Array.of(1, 2, 3, 4), w: one(1), b: one(0), m: one(10), v: one(10) };
        const results = await runGraph(graph, feeds);
        const blend = (now: number) => (1 - momentum) * 10 + momentum * now;
        expectClose(results.nextMean!.data, [blend(nodesBefore === 1 ? -2.5 : 2.5)], 1e-6, "mean");
        expectClose(results.nextVar!.data, [blend(5 / 3)], 1e-6, "variance");
      }
    },
  );

  it("keep apart what batch normalization writes over", () => {
    const graph = createGraph();
    const x = graph.input("x", "float32", [4, 2]);
    const [weight, bias, mean, variance] = ["w", "b", "m", "v"].map((name) => graph.parameter(name, "float32", [2]));
    const state = { weight: weight!, bias: bias!, runningMean: mean!, runningVar: variance! };
    const { output, nextMean } = ops.batchNorm(x, state, { training: true });
    const scratch = graph.nodes.find(({ op }) => op === "BatchNormalization")!.inputs[3]!;
    const node = scratch.source.kind === "node" ? scratch.source.node : undefined;
    graph.output("y", output);
    graph.output("nextMean", nextMean);
    graph.output("same", graph.emit("Mul", node!.inputs)[0]!);
    const merged = mergeCommon(graph);
    const kept = merged.nodes.find(({ op }) => op === "BatchNormalization")!.inputs[3]!;
    expect(merged.outputs.get("same")).not.toBe(kept);
  });
});

describe("a training step", () => {
  function program(options: { readonly mergeCommon?: boolean }) {
    const graph = createGraph();
    const x = graph.input("x", "float32", [4, 3, 5, 5]);
    const weight = graph.parameter("conv.weight", "float32", [2, 3, 3, 3]);
    const [scale, shift] = ["bn.weight", "bn.bias"].map((name) => graph.parameter(name, "float32", [2]));
    const [runningMean, runningVar] = ["mean", "var"].map((name) => graph.input(name, "float32", [2]));
    const state = { weight: scale!, bias: shift!, runningMean: runningMean!, runningVar: runningVar! };
    const { output, nextMean, nextVar } = ops.batchNorm(ops.conv(x, weight), state, { training: true, momentum: 0.8 });
    const loss = ops.reduceMean(ops.mul(ops.dropout(ops.relu(output), 0.25), ops.relu(output)));
    const buffers = [
      { input: runningMean!, next: nextMean },
      { input: runningVar!, next: nextVar },
    ];
    return compileTraining({ loss, optimizer: adam(), buffers, ...options });
  }

  it("computes equal values once, unless told not to, and the same either way", async () => {
    const [merged, plain] = [program({}), program({ mergeCommon: false })];
    expect(merged.graph.nodes.length).toBeLessThan(plain.graph.nodes.length);
    expect(merged.graph.constants.length).toBeLessThan(plain.graph.constants.length);
    const names = (tensors: readonly { readonly name: string }[]) => tensors.map(({ name }) => name);
    for (const part of ["feeds", "randoms", "parameters", "frozen", "buffers", "state"] as const) {
      expect(names(merged[part])).toEqual(names(plain[part]));
      for (const tensor of merged[part]) expect(tensor.graph).toBe(merged.graph);
    }
    const state = Object.fromEntries(
      [...plain.parameters, ...plain.buffers].map(({ name, shape }) => [name, someNumbers(shape).data as Float32Array]),
    );
    const feeds = { x: someNumbers([4, 3, 5, 5]).data };
    const ends = [];
    for (const each of [merged, plain]) {
      const session = await TrainingSession.create(each, backend, { seed: 1, state, threads: 1 });
      for (let step = 0; step < 3; step++) await session.run(feeds, 0.01);
      ends.push(
        Object.fromEntries(
          Object.entries(session.state()).map(([name, values]) => [name, Array.from(values as Float32Array)]),
        ),
      );
      await session.release();
    }
    expect(ends[0]).toEqual(ends[1]);
  });
});
