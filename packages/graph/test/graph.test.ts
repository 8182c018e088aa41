import { describe, expect, it } from "vitest";
import { createGraph, GraphError, gradients, ops, printGraph, sizeOf, type Tensor, verify } from "../src/index.js";
import { expectClose, runGraph } from "./harness.js";

/** The typed error that a piece of code throws. */
function errorOf(action: () => unknown): GraphError {
  try {
    action();
  } catch (error) {
    if (error instanceof GraphError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("building", () => {
  it("prints forward and backward of a small network", () => {
    const graph = createGraph();
    const x = graph.input("x", "float32", [2, 3]);
    const weight = graph.parameter("fc.weight", "float32", [4, 3]);
    const bias = graph.parameter("fc.bias", "float32", [4]);
    const loss = ops.reduceMean(ops.relu(ops.linear(x, weight, bias)));
    const [dWeight, dBias] = gradients(loss, [weight, bias]);
    graph.output("loss", loss);
    graph.output("dWeight", dWeight!);
    graph.output("dBias", dBias!);
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "graph {
        input x: float32[2,3]
        parameter fc.weight: float32[4,3]
        parameter fc.bias: float32[4]
        gemm_1: float32[2,4] = Gemm(x, fc.weight, fc.bias; transB=1)
        relu_1: float32[2,4] = Relu(gemm_1)
        reducemean_1: float32[] = ReduceMean(relu_1; keepdims=0)
        reshape_1: float32[1,1] = Reshape(reducemean_1, [1,1])
        reshape_2: float32[1,1] = Reshape(1, [1,1])
        div_1: float32[1,1] = Div(reshape_2, 8)
        expand_1: float32[2,4] = Expand(div_1, [2,4])
        hardsigmoid_1: float32[2,4] = HardSigmoid(relu_1; alpha=3e+38, beta=0)
        mul_1: float32[2,4] = Mul(expand_1, hardsigmoid_1)
        transpose_1: float32[4,2] = Transpose(mul_1; perm=[1,0])
        gemm_2: float32[4,3] = Gemm(transpose_1, x)
        reducesum_1: float32[4] = ReduceSum(mul_1, [0]; keepdims=0)
        return loss = reducemean_1, dWeight = gemm_2, dBias = reducesum_1
      }"
    `);
  });

  it("names node, operator and shapes when shapes do not fit", () => {
    const graph = createGraph();
    const a = graph.input("a", "float32", [2, 3]);
    const b = graph.input("b", "float32", [4, 5]);
    const error = errorOf(() => ops.add(a, b));
    expect(error.code).toBe("SHAPE_MISMATCH");
    expect(error.message).toBe("Add(a: float32[2,3], b: float32[4,5]): [2,3] and [4,5] do not broadcast");
    expect(error.where).toBe("node add_1");
    expect(error.fix).toContain("equal");
  });

  it.each<[string, (x: Tensor) => unknown, string]>([
    ["unknown operators", (x) => x.graph.emit("Frobnicate", [x]), "OPERATOR_UNKNOWN"],
    ["unknown attributes", (x) => x.graph.emit("Relu", [x], { alpha: 1 }), "ATTRIBUTE_INVALID"],
    ["attributes of the wrong kind", (x) => x.graph.emit("Softmax", [x], { axis: "last" }), "ATTRIBUTE_INVALID"],
    ["axes outside the rank", (x) => ops.softmax(x, 2), "ATTRIBUTE_INVALID"],
    ["too many inputs", (x) => x.graph.emit("Relu", [x, x]), "INPUT_COUNT"],
    ["mixed element types", (x) => ops.add(x, x.graph.input("n", "int64", [2, 3])), "DTYPE_MISMATCH"],
    ["mixed graphs", (x) => ops.add(x, createGraph().input("y", "float32", [2, 3])), "TENSOR_FOREIGN"],
    ["names used twice", (x) => x.graph.input("x", "float32", [1]), "NAME_TAKEN"],
    ["impossible reshapes", (x) => ops.reshape(x, [4, 2]), "SHAPE_MISMATCH"],
    ["matrices that do not chain", (x) => ops.matmul(x, x), "SHAPE_MISMATCH"],
    [
      "shapes known only at run time",
      (x) => x.graph.emit("Reshape", [x, x.graph.input("s", "int64", [2])]),
      "NOT_CONSTANT",
    ],
    ["constants of the wrong length", (x) => x.graph.constant("float32", [3], [1, 2]), "SHAPE_MISMATCH"],
    ["empty names", (x) => x.graph.input("", "float32", [1]), "NAME_TAKEN"],
    ["outputs named as an input", (x) => x.graph.output("x", ops.relu(x)), "NAME_TAKEN"],
    ["outputs named as another node", (x) => x.graph.output("relu_1", ops.neg(ops.relu(x))), "NAME_TAKEN"],
    ["dimensions that are no sizes", (x) => x.graph.input("y", "float32", [-1]), "SHAPE_MISMATCH"],
    ["roots of integers", (x) => ops.sqrt(x.graph.ints([4])), "DTYPE_MISMATCH"],
    ["logic of numbers", (x) => ops.and(x, x), "DTYPE_MISMATCH"],
    ["fractions as integers", (x) => x.graph.ints([0.5]), "DTYPE_MISMATCH"],
    ["casts to nowhere", (x) => x.graph.emit("Cast", [x], { to: "float11" }), "DTYPE_MISMATCH"],
    ["negative sizes in reshapes", (x) => ops.reshape(x, [-2, -3]), "SHAPE_MISMATCH"],
    ["dropout of everything", (x) => ops.dropout(x, 1), "OPTION_INVALID"],
  ])("refuses %s", (_, action, code) => {
    const x = createGraph().input("x", "float32", [2, 3]);
    expect(errorOf(() => action(x)).code).toBe(code);
  });

  it("shares equal scalars, but not 0 and -0", () => {
    const graph = createGraph();
    expect(graph.scalar(2)).toBe(graph.scalar(2));
    expect(graph.scalar(0)).not.toBe(graph.scalar(-0));
  });
});

describe("verification", () => {
  const small = () => {
    const graph = createGraph();
    const y = ops.relu(graph.input("x", "float32", [2]));
    graph.output("y", y);
    return graph;
  };

  it("accepts a sound graph", () => expect(() => verify(small())).not.toThrow());

  it("finds values used before they are defined", () => {
    const graph = small();
    ops.exp(graph.outputs.get("y")!);
    graph.nodes.reverse();
    const error = errorOf(() => verify(graph));
    expect(error.code).toBe("GRAPH_INVALID");
    expect(error.message).toContain("relu_1 is used before it is defined");
  });

  it("finds shapes that the operator's rule does not give", () => {
    const graph = small();
    const [node] = graph.nodes;
    Object.assign(node!.outputs[0]!, { shape: [3] });
    expect(errorOf(() => verify(graph)).message).toContain("the shape rule gives float32[2]");
  });

  it("finds graphs that return nothing", () => {
    expect(errorOf(() => verify(createGraph())).code).toBe("GRAPH_INVALID");
  });
});

describe("gradients", () => {
  it("are added up where a value is used twice", async () => {
    const graph = createGraph();
    const x = graph.input("x", "float64", [3]);
    const [dx] = gradients(ops.reduceSum(ops.add(ops.mul(x, x), ops.mul(x, 3))), [x]);
    graph.output("dx", dx!);
    const { dx: result } = await runGraph(graph, { x: Float64Array.of(1, -2, 0.5) });
    expectClose(result!.data, [5, -1, 4], 1e-12, "dx");
  });

  it("do not flow through detached values", async () => {
    const graph = createGraph();
    const x = graph.input("x", "float64", [2]);
    const [dx] = gradients(ops.reduceSum(ops.mul(x, ops.detach(ops.mul(x, x)))), [x]);
    graph.output("dx", dx!);
    const { dx: result } = await runGraph(graph, { x: Float64Array.of(3, -2) });
    expectClose(result!.data, [9, 4], 1e-12, "dx");
  });

  it("flow through ties of ReduceMin in equal shares", async () => {
    const graph = createGraph();
    const x = graph.input("x", "float64", [4]);
    const [dx] = gradients(ops.emitOne("ReduceMin", [x], { keepdims: 0 }), [x]);
    graph.output("dx", dx!);
    const { dx: result } = await runGraph(graph, { x: Float64Array.of(1, 5, 1, 2) });
    expectClose(result!.data, [0.5, 0, 0.5, 0], 1e-12, "dx");
  });

  it("of HardSigmoid are its slope inside and 0 outside", async () => {
    const graph = createGraph();
    const x = graph.input("x", "float32", [4]);
    const [dx] = gradients(ops.reduceSum(ops.emitOne("HardSigmoid", [x], { alpha: 0.25, beta: 0.5 })), [x]);
    graph.output("dx", dx!);
    const { dx: result } = await runGraph(graph, { x: Float32Array.of(-3, -1, 1, 3) });
    expectClose(result!.data, [0, 0.25, 0.25, 0], 1e-6, "dx");
  });

  it("need a scalar loss", () => {
    const x = createGraph().input("x", "float32", [2]);
    expect(errorOf(() => gradients(ops.relu(x), [x])).code).toBe("NOT_SCALAR");
  });

  it("name the parameter that the loss does not use", () => {
    const graph = createGraph();
    const [x, unused] = [graph.parameter("x", "float32", [2]), graph.parameter("unused", "float32", [2])];
    const error = errorOf(() => gradients(ops.reduceSum(x), [x, unused]));
    expect(error).toMatchObject({ code: "PARAMETER_UNUSED", value: "unused" });
  });

  it("are refused through operators without one, but only where they are asked for", () => {
    const graph = createGraph();
    const x = graph.parameter("x", "float32", [2]);
    const chosen = graph.emit("OneHot", [graph.ints([0]), graph.scalar(2, "int64"), x])[0]!;
    expect(() => gradients(ops.reduceSum(ops.mul(x, ops.detach(ops.reduceSum(chosen)))), [x])).not.toThrow();
    const error = errorOf(() => gradients(ops.reduceSum(chosen), [x]));
    expect(error).toMatchObject({ code: "NO_GRADIENT", where: "node onehot_1" });
    expect(error.message).toBe("OneHot has no gradient: class numbers have no gradient");
  });

  it("are zero, not missing, where a result is flat", async () => {
    const graph = createGraph();
    const x = graph.parameter("x", "float64", [2]);
    const [dx] = gradients(ops.reduceSum(ops.sign(x)), [x]);
    graph.output("dx", dx!);
    expect((await runGraph(graph, { x: Float64Array.of(1, -2) })).dx!.data).toEqual([0, 0]);
  });

  /** Gradient of the sum of something of x. */
  async function slope(build: (x: Tensor) => Tensor, values: readonly number[]): Promise<number[]> {
    const graph = createGraph();
    const x = graph.input("x", "float64", [values.length]);
    graph.output("dx", gradients(ops.reduceSum(build(x)), [x])[0]!);
    return (await runGraph(graph, { x: Float64Array.from(values) })).dx!.data;
  }

  it.each<[string, (x: Tensor) => Tensor, number[], number[]]>([
    ["the norm of zeros", (x) => ops.reduceL2(x), [0, 0], [0, 0]],
    ["the power 0 at 0", (x) => ops.pow(x, 0), [0, 2], [0, 0]],
    ["the square at 0", (x) => ops.pow(x, 2), [0, -3], [0, -6]],
    ["the exponent at base 0", (x) => ops.pow(x.graph.constant("float64", [2], [0, 1]), x), [2, 2], [0, 0]],
    ["equal infinities", (x) => ops.maximum(x, Number.NEGATIVE_INFINITY), [Number.NEGATIVE_INFINITY, 1], [0.5, 1]],
    [
      "nothing but minus infinity",
      (x) => ops.reduceLogSumExp(x),
      [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
      [0, 0],
    ],
    [
      "learned bounds",
      (x) => ops.emitOne("Clip", [x.graph.constant("float64", [3], [-1, 0.5, 2]), undefined, ops.reduceSum(x)]),
      [1],
      [1],
    ],
    [
      "the second derivative of |x|³",
      (x) => gradients(ops.reduceSum(ops.pow(ops.abs(x), 3)), [x])[0]!,
      [-2, 1],
      [12, 6],
    ],
  ])("are finite and right for %s", async (_, build, values, expected) => {
    expectClose(await slope(build, values), expected, 1e-12, "dx");
  });
});

describe("layout of unusual shapes", () => {
  it("clamps slices as ONNX Runtime does", async () => {
    const far = Number.MIN_SAFE_INTEGER;
    const slices = [
      [-10, far, -1],
      [-6, far, -1],
      [-7, -10, -2],
      [4, far, -2],
      [-10, 10, 2],
      [9, 0, -1],
      [5, 10, 1],
    ] as const;
    for (const [start, end, step] of slices) {
      const graph = createGraph();
      const x = graph.input("x", "float64", [5]);
      const y = ops.slice(x, [start], [end], [0], [step]);
      graph.output("y", y);
      const result = await runGraph(graph, { x: Float64Array.of(0, 1, 2, 3, 4) });
      expect(result.y!.shape, `${start}:${end}:${step}`).toEqual(y.shape);
    }
  });

  it("keeps empty dimensions", () => {
    const graph = createGraph();
    const x = graph.parameter("x", "float32", [1, 0, 3]);
    expect(gradients(ops.reduceSum(ops.squeeze(x, [0])), [x])[0]!.shape).toEqual([1, 0, 3]);
    expect(ops.reshape(x, [3, 0]).shape).toEqual([3, 0]);
  });
});

describe("one of several outputs alone can be read", () => {
  const ones = (x: Tensor, shape: readonly number[]) => {
    return x.graph.constant("float32", shape, new Array(sizeOf(shape)).fill(1));
  };
  it.each<[string, number, (x: Tensor) => Tensor[]]>([
    ["Split", 3, (x) => x.graph.emit("Split", [x, x.graph.ints([2, 3, 1])])],
    ["TopK", 2, (x) => x.graph.emit("TopK", [x, x.graph.ints([2])])],
    ["DynamicQuantizeLinear", 3, (x) => x.graph.emit("DynamicQuantizeLinear", [x])],
    ["Dropout", 2, (x) => x.graph.emit("Dropout", [x])],
    ["LayerNormalization", 3, (x) => x.graph.emit("LayerNormalization", [x, ones(x, [6])])],
    ["MaxPool", 2, (x) => x.graph.emit("MaxPool", [ops.reshape(x, [1, 1, 6])], { kernel_shape: [2] })],
    [
      "LSTM",
      3,
      (x) =>
        x.graph.emit("LSTM", [ops.reshape(x, [3, 1, 2]), ones(x, [1, 8, 2]), ones(x, [1, 8, 2])], { hidden_size: 2 }),
    ],
  ])("%s", async (_, count, build) => {
    const values = { x: Float32Array.of(1, 2, 3, 4, 5, 6) };
    const graphOf = (kept: readonly number[]) => {
      const graph = createGraph();
      const outputs = build(graph.input("x", "float32", [6]));
      for (const i of kept) graph.output(`y${i}`, outputs[i]!);
      return graph;
    };
    const indices = Array.from({ length: count }, (_, i) => i);
    const all = await runGraph(graphOf(indices), values);
    for (const i of indices) expect((await runGraph(graphOf([i]), values))[`y${i}`]).toEqual(all[`y${i}`]);
  });
});
