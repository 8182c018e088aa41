import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createGraph,
  foldBatchNorm,
  type Graph,
  ops,
  printGraph,
  type Shape,
  sizeOf,
  type Tensor,
} from "../../src/index.js";
import { someNumbers } from "../onnx-files.js";
import { count, expectSame } from "./same.js";

/** A constant of some numbers; positive ones where they are variances. */
function numbers(graph: Graph, name: string, shape: Shape, isVariance = false): Tensor {
  const values = Array.from(someNumbers(shape).data as Float32Array, (value, i) => value + 0.01 * name.length * i);
  return graph.constant("float32", shape, isVariance ? values.map((value) => value ** 2 + 0.1) : values, name);
}

function normalized(x: Tensor, name: string, epsilon = 1e-3): Tensor {
  const { graph, shape } = x;
  const channels = [shape[1]!];
  const [scale, bias, mean] = ["weight", "bias", "mean"].map((part) => numbers(graph, `${name}.${part}`, channels));
  const variance = numbers(graph, `${name}.var`, channels, true);
  return graph.emit("BatchNormalization", [x, scale, bias, mean, variance], { epsilon })[0]!;
}

const fresh = (shape: Shape) => createGraph().input("x", "float32", shape);

function withOutput(y: Tensor): Graph {
  y.graph.output("y", y);
  return y.graph;
}

describe("batch normalization", () => {
  it("goes into the weights in front of it, which keep their names", async () => {
    const x = fresh([1, 2, 4]);
    const weight = numbers(x.graph, "conv.weight", [3, 2, 2]);
    const graph = withOutput(ops.relu(normalized(ops.conv(x, weight), "bn")));
    const folded = foldBatchNorm(graph);
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "graph {
        input x: float32[1,2,4]
        conv_1: float32[1,3,3] = Conv(x, conv.weight)
        batchnormalization_1: float32[1,3,3] = BatchNormalization(conv_1, [0.5990397930145264,0.14828261733055115,-0.7186504006385803], [0.5990397930145264,0.1282826066017151,-0.7586504220962524], [0.5990397930145264,0.1282826066017151,-0.7586504220962524], [0.4588486850261688,0.11399077624082565,0.706296443939209]; epsilon=0.001)
        relu_1: float32[1,3,3] = Relu(batchnormalization_1)
        return y = relu_1
      }"
    `);
    expect(printGraph(folded)).toMatchInlineSnapshot(`
      "graph {
        input x: float32[1,2,4]
        batchnormalization_1: float32[1,3,3] = Conv(x, conv.weight, [0.06985924392938614,0.07218730449676514,-1.4069244861602783])
        relu_1: float32[1,3,3] = Relu(batchnormalization_1)
        return y = relu_1
      }"
    `);
    expect(folded.constants.map(({ name }) => name)).toEqual(["conv.weight", "conv.bias"]);
    await expectSame(folded, graph, 1e-5);
  });

  const geometry = fc.record({
    groups: fc.integer({ min: 1, max: 3 }),
    inputs: fc.integer({ min: 1, max: 2 }),
    outputs: fc.integer({ min: 1, max: 3 }),
    kernel: fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 1, maxLength: 2 }),
    stride: fc.integer({ min: 1, max: 2 }),
    padding: fc.integer({ min: 0, max: 1 }),
    isTransposed: fc.boolean(),
    hasBias: fc.boolean(),
    isInFront: fc.boolean(),
  });

  it("goes into convolutions of any geometry: in front always, behind where nothing is padded", async () => {
    await fc.assert(
      fc.asyncProperty(geometry, async ({ groups, kernel, isTransposed, stride, padding, ...rest }) => {
        const [inputs, outputs] = [groups * rest.inputs, groups * rest.outputs];
        const x = fresh([2, inputs, ...kernel.map(() => 4)]);
        const shape = isTransposed ? [inputs, rest.outputs] : [outputs, rest.inputs];
        const weight = numbers(x.graph, "weight", [...shape, ...kernel]);
        const bias = rest.hasBias ? numbers(x.graph, "b", [outputs]) : undefined;
        const build = isTransposed ? ops.convTranspose : ops.conv;
        const linear = (value: Tensor) => build(value, weight, bias, { groups, stride, padding: padding });
        const graph = withOutput(rest.isInFront ? linear(normalized(x, "bn")) : normalized(linear(x), "bn"));
        const folded = foldBatchNorm(graph);
        const isExact = !rest.isInFront || (padding === 0 && !isTransposed);
        expect(folded.nodes).toHaveLength(isExact ? 1 : 2);
        await expectSame(folded, graph, 1e-4);
      }),
      { numRuns: 60 },
    );
  });

  const product = fc.record({
    alpha: fc.constantFrom(1, 0.5),
    beta: fc.constantFrom(1, 2),
    transA: fc.constantFrom(0, 1),
    transB: fc.constantFrom(0, 1),
    bias: fc.constantFrom<Shape | undefined>(undefined, [], [1], [4], [1, 4], [4, 1], [4, 4]),
    isInFront: fc.boolean(),
  });

  it("goes into matrix products whose bias is the same for all rows", async () => {
    await fc.assert(
      fc.asyncProperty(product, async ({ bias, isInFront, ...attributes }) => {
        const x = fresh([4, 4]);
        const weight = numbers(x.graph, "weight", [4, 4]);
        const added = bias && numbers(x.graph, "c", bias);
        const linear = (value: Tensor) =>
          x.graph.emit("Gemm", added ? [value, weight, added] : [value, weight], attributes)[0]!;
        const graph = withOutput(isInFront ? linear(normalized(x, "bn")) : normalized(linear(x), "bn"));
        const folded = foldBatchNorm(graph);
        const isPerChannel = !bias || sizeOf(bias) === 1 || (sizeOf(bias) === 4 && bias.at(-1) === 4);
        const isExact = isPerChannel && !(isInFront && attributes.transA === 1);
        expect(folded.nodes).toHaveLength(isExact ? 1 : 2);
        await expectSame(folded, graph, 1e-4);
      }),
      { numRuns: 60 },
    );
  });

  it("goes in one after the other, through a bias that is an addition", async () => {
    const x = fresh([1, 2, 3, 3]);
    const weight = numbers(x.graph, "w", [2, 2, 1, 1]);
    const biased = ops.add(ops.conv(normalized(x, "first"), weight), numbers(x.graph, "b", [2, 1, 1]));
    const graph = withOutput(normalized(normalized(biased, "second"), "third"));
    const folded = foldBatchNorm(graph);
    expect(folded.nodes.map(({ op }) => op)).toEqual(["Conv"]);
    await expectSame(folded, graph, 1e-4);
  });

  it("goes past padding where it does not shift", async () => {
    const x = fresh([1, 1, 3]);
    const [one, zero] = [x.graph.constant("float32", [1], [2]), x.graph.constant("float32", [1], [0])];
    const scaled = x.graph.emit("BatchNormalization", [x, one, zero, zero, one])[0]!;
    const graph = withOutput(ops.conv(scaled, numbers(x.graph, "w", [1, 1, 3]), undefined, { padding: "same" }));
    expect(foldBatchNorm(graph).nodes).toHaveLength(1);
    await expectSame(foldBatchNorm(graph), graph, 1e-5);
  });

  it.each<[string, (x: Tensor, weight: Tensor) => Tensor]>([
    [
      "others read the value between",
      (x, weight) => {
        const value = ops.conv(x, weight);
        return ops.add(normalized(value, "bn"), value);
      },
    ],
    [
      "the value between is an output",
      (x, weight) => {
        const value = ops.conv(x, weight);
        x.graph.output("tap", value);
        return normalized(value, "bn");
      },
    ],
    ["the weight is a parameter", (x) => normalized(ops.conv(x, x.graph.parameter("p", "float32", [2, 2, 1])), "bn")],
    ["the weight is computed", (x, weight) => normalized(ops.conv(x, ops.exp(weight)), "bn")],
    [
      "a variance makes it infinite",
      (x, weight) => {
        const [one, none] = [1, 0].map((value) => x.graph.constant("float32", [2], [value, value]));
        const inputs = [ops.conv(x, weight), one, one, one, none];
        return x.graph.emit("BatchNormalization", inputs, { epsilon: 0 })[0]!;
      },
    ],
    [
      "it is in training",
      (x, weight) => {
        const state = (name: string) => x.graph.constant("float32", [2], [1, 1], name);
        const inputs = [ops.conv(x, weight), state("a"), state("b"), state("c"), state("d")];
        return x.graph.emit("BatchNormalization", inputs, { training_mode: 1, momentum: 0 })[0]!;
      },
    ],
  ])("stays where %s", (_, build) => {
    const x = fresh([2, 2, 3]);
    const graph = withOutput(build(x, numbers(x.graph, "w", [2, 2, 1])));
    expect(count(foldBatchNorm(graph), "BatchNormalization")).toBe(1);
  });

  it("leaves a weight to others who share it", async () => {
    const x = fresh([1, 2, 3]);
    const weight = numbers(x.graph, "w", [2, 2, 1]);
    const graph = withOutput(ops.add(normalized(ops.conv(x, weight), "bn"), ops.conv(x, weight)));
    const folded = foldBatchNorm(graph);
    expect(folded.constants.map(({ name }) => name)).toContain("w");
    expect(folded.constants).toHaveLength(3);
    await expectSame(folded, graph, 1e-5);
  });
});
