import { describe, expect, it } from "vitest";
import { costedOperators } from "../src/cost/index.js";
import { createGraph, graphCost, operatorTable, ops, type Shape, sizeOf, type Tensor } from "../src/index.js";

const graph = createGraph();
const tensor = (shape: Shape): Tensor => graph.input(`x${graph.inputs.length}`, "float32", shape);

/** The cost of the node that a function adds. */
function costOf(build: () => Tensor): { macs: number; flops: number } {
  graph.outputs.clear();
  graph.output(`y${graph.nodes.length}.${graph.inputs.length}`, build());
  const { macs, flops } = graphCost(graph);
  return { macs, flops };
}

/** He et al. 2016, section 4.2: three stages of n blocks with 16, 32 and 64 channels, shortcuts without weights. */
function cifarResnet(n: number) {
  const net = createGraph();
  let count = 0;
  const parameter = (shape: Shape) => net.parameter(`w${count++}`, "float32", shape);
  const normalize = (x: Tensor) => {
    const [weight, bias] = [parameter([x.shape[1]!]), parameter([x.shape[1]!])];
    const statistic = () => net.constant("float32", [x.shape[1]!], new Array(x.shape[1]!).fill(1));
    return ops.batchNorm(x, { weight, bias, runningMean: statistic(), runningVar: statistic() }).output;
  };
  const conv = (x: Tensor, channels: number, stride: number) =>
    normalize(ops.conv(x, parameter([channels, x.shape[1]!, 3, 3]), undefined, { stride, padding: 1 }));
  const shortcut = (x: Tensor, channels: number) => {
    if (x.shape[1] === channels) return x;
    const half = ops.slice(x, [0, 0], x.shape.slice(2), [2, 3], [2, 2]);
    return ops.pad(half, [0, 0, 0, 0, 0, channels - x.shape[1]!]);
  };
  let x = ops.relu(conv(net.input("images", "float32", [1, 3, 32, 32]), 16, 1));
  for (const [stage, channels] of [16, 32, 64].entries()) {
    for (let block = 0; block < n; block++) {
      const first = ops.relu(conv(x, channels, stage > 0 && block === 0 ? 2 : 1));
      x = ops.relu(ops.add(conv(first, channels, 1), shortcut(x, channels)));
    }
  }
  const pooled = ops.reshape(ops.reduceMean(x, { axes: [2, 3] }), [1, 64]);
  net.output("logits", ops.linear(pooled, parameter([10, 64]), parameter([10])));
  const parameters = net.inputs.filter(({ source }) => source.kind === "parameter");
  return { net, parameters: parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0) };
}

describe("the cost of a graph", () => {
  it.each([
    // The paper's table 6 gives 0.27 M and 0.85 M parameters. Published counts of multiplications, 40.8 M and 125.5 M, add
    // those of batch normalization.
    [3, 269_722, 40.8e6],
    [9, 853_018, 125.5e6],
  ])("is the published one of CIFAR ResNets (n = %i)", (n, parameters, macs) => {
    const { net, parameters: counted } = cifarResnet(n);
    expect(counted).toBe(parameters);
    const cost = graphCost(net);
    expect(Math.abs(cost.macs / macs - 1)).toBeLessThan(0.01);
    expect(cost.flops).toBeGreaterThan(2 * cost.macs);
    expect(cost.flops).toBeLessThan(2.05 * cost.macs);
    expect(cost.operators.Conv!.count).toBe(6 * n + 1);
  });

  it("counts products in pairs and biases beside them", () => {
    expect(costOf(() => ops.linear(tensor([8, 20]), tensor([5, 20]), tensor([5])))).toEqual({ macs: 800, flops: 1640 });
    expect(costOf(() => ops.matmul(tensor([2, 3, 4]), tensor([2, 4, 5])))).toEqual({ macs: 120, flops: 240 });
    const grouped = () => ops.conv(tensor([1, 4, 6, 6]), tensor([8, 2, 3, 3]), undefined, { groups: 2 });
    expect(costOf(grouped)).toEqual({ macs: 8 * 16 * 18, flops: 2 * 8 * 16 * 18 });
    expect(costOf(() => graph.emit("Einsum", [tensor([3, 4]), tensor([4, 5])], { equation: "ij,jk->ik" })[0]!)).toEqual(
      {
        macs: 60,
        flops: 120,
      },
    );
  });

  it("counts a function once for each element, and moving values not at all", () => {
    expect(costOf(() => ops.exp(tensor([3, 5])))).toEqual({ macs: 0, flops: 15 });
    expect(costOf(() => ops.softmax(tensor([3, 5])))).toEqual({ macs: 0, flops: 75 });
    expect(costOf(() => ops.reduceSum(tensor([3, 5])))).toEqual({ macs: 0, flops: 15 });
    expect(costOf(() => ops.transpose(tensor([3, 5]), [1, 0]))).toEqual({ macs: 0, flops: 0 });
    const counter = graph.input("counter", "int64", [7]);
    expect(costOf(() => ops.add(counter, counter))).toEqual({ macs: 0, flops: 0 });
  });

  it("leaves out what no output needs", () => {
    const net = createGraph();
    const x = net.input("x", "float32", [4]);
    ops.exp(x);
    net.output("y", ops.neg(x));
    expect(graphCost(net)).toMatchObject({ flops: 4, operators: { Neg: { count: 1 } } });
  });

  it("has rules for operators that exist", () => {
    expect(costedOperators.filter((name) => !operatorTable.has(name))).toEqual([]);
  });
});
