import { AttributeProto_AttributeType as AttributeType } from "onnx-buf";
import { describe, expect, it } from "vitest";
import { fromOnnx, GraphError, gradients, type ImportOptions, ops, toOnnx } from "../src/index.js";
import type { KnownValue } from "../src/onnx/data-types.js";
import {
  type BodySpec,
  encodeModel,
  float32,
  int64,
  largestError,
  type ModelSpec,
  type NodeSpec,
  runModel,
  smallModel,
  someNumbers,
} from "./onnx-files.js";

type Model = Pick<ModelSpec, "nodes"> & Partial<ModelSpec>;

const scalar = (value: number): KnownValue => ({ dtype: "int64", shape: [], data: BigInt64Array.of(BigInt(value)) });
const truth: KnownValue = { dtype: "bool", shape: [], data: Uint8Array.of(1) };
const node = (op: string, inputs: string[], outputs: string[], attributes: NodeSpec["attributes"] = {}): NodeSpec => {
  return { op, inputs, outputs, attributes };
};
const body = (spec: BodySpec) => ({ body: spec });
const x = someNumbers([3, 4]);

function fileOf(model: Model): Uint8Array {
  return encodeModel(smallModel({ opset: 17, inputs: { x: [3, 4] }, outputs: ["y"], ...model }));
}

/** Imports a model and checks that it computes what ONNX Runtime computes for the file. */
async function same(model: Model, options: ImportOptions = {}) {
  const file = fileOf(model);
  const expected = await runModel(file, { x });
  const imported = await fromOnnx(file, options);
  const results = await runModel(toOnnx(imported.graph, { parameters: imported.parameters }), { x });
  for (const [name, { shape, data }] of Object.entries(expected)) {
    expect(results[name]!.shape).toEqual(shape);
    expect(largestError(results[name]!.data, data), name).toBeLessThan(1e-5);
  }
  return imported;
}

async function refused(model: Model, options: ImportOptions = {}): Promise<GraphError> {
  const error = await fromOnnx(fileOf(model), options).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(GraphError);
  return error as GraphError;
}

const branches = {
  then_branch: body({ outputs: ["a"], nodes: [node("Mul", ["x", "w"], ["a"])], initializers: { w: someNumbers([4]) } }),
  else_branch: body({ outputs: ["b"], nodes: [node("Exp", ["x"], ["b"])] }),
};

describe("branches", () => {
  const byShape = [
    node("Shape", ["x"], ["shape"]),
    node("Size", ["shape"], ["rank"]),
    node("Equal", ["rank", "expected"], ["condition"]),
    node("If", ["condition"], ["y"], branches),
  ];

  it("are taken where the shapes decide", async () => {
    for (const [rank, op] of [
      [2, "Mul"],
      [3, "Exp"],
    ] as const) {
      const { graph } = await same({ nodes: byShape, initializers: { expected: scalar(rank) } });
      expect(graph.nodes.map((one) => one.op)).toEqual([op]);
    }
  });

  it("hold weights that can be trained and values that can be tapped", async () => {
    const model = { nodes: byShape, initializers: { expected: scalar(2) } };
    const { parameters, values } = await same(model, { trainable: ["w"] });
    expect(Object.keys(parameters)).toEqual(["w"]);
    expect(values.get("a")!.shape).toEqual([3, 4]);
  });

  const byData = [
    node("ReduceSum", ["x"], ["sum"], { keepdims: 0 }),
    node("Less", ["sum", "limit"], ["condition"]),
    node("If", ["condition"], ["y"], branches),
  ];

  it.each([-100, 100])("are both computed where the data decide, and chosen between (limit %d)", async (limit) => {
    const { graph, outputs, inputs } = await same({ nodes: byData, initializers: { limit: float32([], [limit]) } });
    expect(graph.nodes.map((one) => one.op)).toContain("Where");
    const [slope] = gradients(ops.reduceSum(outputs.get("y")!), [inputs.get("x")!]);
    graph.output("slope", slope!);
    const { slope: found } = await runModel(toOnnx(graph), { x });
    const w = someNumbers([4]).data;
    const expected = Float32Array.from(x.data as Float32Array, (value, i) => {
      return limit > 0 ? Number(w[i % 4]) : Math.exp(value);
    });
    expect(largestError(found!.data, expected)).toBeLessThan(1e-5);
  });

  it("must agree in shape where the data decide", async () => {
    const uneven = { ...branches, else_branch: body({ outputs: ["b"], nodes: [node("ReduceSum", ["x"], ["b"])] }) };
    const nodes = [...byData.slice(0, 2), node("If", ["condition"], ["y"], uneven)];
    const error = await refused({ nodes, initializers: { limit: float32([], [1]) } });
    expect(error).toMatchObject({ code: "NOT_CONSTANT", value: "condition", where: "node y (If)" });
  });

  it("say at which inner node something is wrong", async () => {
    const broken = { ...branches, then_branch: body({ outputs: ["a"], nodes: [node("MatMul", ["x", "x"], ["a"])] }) };
    const nodes = [...byShape.slice(0, 3), node("If", ["condition"], ["y"], broken)];
    const error = await refused({ nodes, initializers: { expected: scalar(2) } });
    expect(error).toMatchObject({ code: "SHAPE_MISMATCH", where: "node a (MatMul) in node y (If)" });
  });

  it("that are not taken may use anything", async () => {
    const magic = { ...branches, else_branch: body({ outputs: ["b"], nodes: [node("RoiAlign", ["x"], ["b"])] }) };
    const nodes = [...byShape.slice(0, 3), node("If", ["condition"], ["y"], magic)];
    const { graph } = await fromOnnx(fileOf({ nodes, initializers: { expected: scalar(2) } }));
    expect(graph.nodes).toHaveLength(1);
  });
});

const accumulate = body({
  inputs: [["i", "int64"], ["going", "bool"], "state"],
  outputs: ["still", "next", "seen"],
  nodes: [
    node("Identity", ["going"], ["still"]),
    node("Cast", ["i"], ["step"], { to: 1 }),
    node("MatMul", ["state", "w"], ["product"]),
    node("Add", ["product", "step"], ["next"]),
    node("Identity", ["next"], ["seen"]),
  ],
});

describe("loops", () => {
  const initializers = { rounds: scalar(3), w: someNumbers([4, 4]), yes: truth };

  it("are unrolled, and share their weights", async () => {
    const nodes = [node("Loop", ["rounds", "", "x"], ["y", "all"], { body: accumulate })];
    const { graph, parameters, values } = await same(
      { nodes, outputs: ["y", "all"], initializers },
      { trainable: ["w"] },
    );
    expect(Object.keys(parameters)).toEqual(["w"]);
    expect(graph.nodes.filter(({ op }) => op === "MatMul")).toHaveLength(3);
    expect([...values.keys()]).toEqual(expect.arrayContaining(["y/0/product", "y/2/product"]));
  });

  it("end by a condition that is known", async () => {
    const until = body({
      inputs: [["i", "int64"], ["going", "bool"], "state"],
      outputs: ["still", "next"],
      nodes: [node("Less", ["i", "rounds"], ["still"]), node("Add", ["state", "state"], ["next"])],
    });
    const nodes = [node("Loop", ["", "yes", "x"], ["y"], { body: until })];
    const { graph } = await same({ nodes, initializers });
    expect(graph.nodes).toHaveLength(4);
  });

  it("without rounds pass their values on", async () => {
    const nodes = [node("Loop", ["none", "", "x"], ["z", "all"], { body: accumulate }), node("Relu", ["z"], ["y"])];
    const error = await refused({ nodes, initializers: { ...initializers, none: scalar(0) } });
    expect(error.code).toBe("MODEL_UNSUPPORTED");
  });

  it("of unknown length are refused", async () => {
    const nodes = [
      node("ReduceSum", ["x"], ["sum"], { keepdims: 0 }),
      node("Cast", ["sum"], ["count"], { to: 7 }),
      node("Loop", ["count", "", "x"], ["y", "all"], { body: accumulate }),
    ];
    expect(await refused({ nodes, initializers })).toMatchObject({ code: "NOT_CONSTANT", value: "count" });
  });

  it("without an end are refused", async () => {
    const endless = body({
      inputs: [["i", "int64"], ["going", "bool"], "state"],
      outputs: ["going", "next"],
      nodes: [node("Relu", ["state"], ["next"])],
    });
    const nodes = [node("Loop", ["", "yes", "x"], ["y"], { body: endless })];
    expect(await refused({ nodes, initializers })).toMatchObject({ code: "MODEL_UNSUPPORTED" });
  });

  it.each<[string, NodeSpec["attributes"]]>([
    ["forward", {}],
    ["backward, along another axis", { scan_input_axes: [1], scan_input_directions: [1] }],
    ["with turned outputs", { scan_output_axes: [1], scan_output_directions: [1] }],
  ])("that scan run along an axis: %s", async (_, attributes = {}) => {
    const width = attributes.scan_input_axes ? 3 : 4;
    const sums = body({
      inputs: ["total", "row"],
      outputs: ["next", "seen"],
      nodes: [node("Add", ["total", "row"], ["next"]), node("Mul", ["next", "row"], ["seen"])],
    });
    const nodes = [node("Scan", ["start", "x"], ["y", "all"], { body: sums, num_scan_inputs: 1, ...attributes })];
    const { outputs, inputs } = await same({
      nodes,
      outputs: ["y", "all"],
      initializers: { start: someNumbers([width]) },
    });
    expect(gradients(ops.reduceSum(outputs.get("all")!), [inputs.get("x")!])).toHaveLength(1);
  });
});

describe("lists exist at import only", () => {
  const initializers = { first: scalar(0), last: scalar(-1), two: scalar(2), lengths: int64([1, 3]) };

  it.each<[string, NodeSpec[]]>([
    [
      "made, added to, shortened and joined",
      [
        node("SequenceConstruct", ["x", "x"], ["s"]),
        node("Exp", ["x"], ["e"]),
        node("SequenceInsert", ["s", "e", "first"], ["t"]),
        node("SequenceErase", ["t", "last"], ["u"]),
        node("ConcatFromSequence", ["u"], ["y"], { axis: 1 }),
      ],
    ],
    [
      "stacked, from an empty one",
      [
        node("SequenceEmpty", [], ["s"]),
        node("SequenceInsert", ["s", "x"], ["t"]),
        node("SequenceInsert", ["t", "x"], ["u"]),
        node("ConcatFromSequence", ["u"], ["y"], { axis: -1, new_axis: 1 }),
      ],
    ],
    [
      "cut by one, and read",
      [node("SplitToSequence", ["x"], ["s"], { axis: 0, keepdims: 0 }), node("SequenceAt", ["s", "last"], ["y"])],
    ],
    [
      "cut by lengths",
      [node("SplitToSequence", ["x", "lengths"], ["s"], { axis: 1 }), node("SequenceAt", ["s", "last"], ["y"])],
    ],
    [
      "cut evenly, and counted",
      [
        node("SplitToSequence", ["x", "two"], ["s"], { axis: 0 }),
        node("SequenceLength", ["s"], ["count"]),
        node("Cast", ["count"], ["number"], { to: 1 }),
        node("Mul", ["x", "number"], ["y"]),
      ],
    ],
  ])("%s", async (_, nodes) => {
    await same({ nodes, initializers });
  });

  it("each item mapped", async () => {
    const mapped = body({ inputs: ["item"], outputs: ["r"], nodes: [node("Exp", ["item"], ["r"])] });
    const nodes = [
      node("SequenceConstruct", ["x", "x"], ["s"]),
      node("SequenceMap", ["s"], ["t"], { body: mapped }),
      node("ConcatFromSequence", ["t"], ["y"], { axis: 0 }),
    ];
    const { graph } = await fromOnnx(fileOf({ nodes }));
    expect(graph.nodes.map(({ op }) => op)).toEqual(["Exp", "Exp", "Concat"]);
  });

  it("refused where an axis states more items than anything could hold", async () => {
    const inputs = { x: [2 ** 40, 4] };
    const last = [node("SequenceAt", ["s", "last"], ["y"])];
    const cut = [node("SplitToSequence", ["x"], ["s"]), ...last];
    const cutEvenly = [node("SplitToSequence", ["x", "two"], ["s"]), ...last];
    const doubled = body({ inputs: ["item"], outputs: ["r"], nodes: [node("Add", ["item", "item"], ["r"])] });
    const scanned = [node("Scan", ["x"], ["y"], { body: doubled, num_scan_inputs: 1 })];
    for (const nodes of [cut, cutEvenly, scanned]) {
      expect(await refused({ nodes, inputs, initializers })).toMatchObject({ code: "MODEL_UNSUPPORTED" });
    }
  });

  it("refused where a tensor must be", async () => {
    const nodes = [node("SequenceConstruct", ["x"], ["s"]), node("Relu", ["s"], ["y"])];
    expect(await refused({ nodes })).toMatchObject({ code: "MODEL_INVALID", where: "node y (Relu)" });
  });
});

describe("functions of the file's own", () => {
  const scaled = {
    name: "scaled",
    inputs: ["v", "extra"],
    outputs: ["r"],
    attributes: ["slope"],
    defaults: { base: 0.5 },
    nodes: [
      node("LeakyRelu", ["v"], ["leaky"], { alpha: { ref: "slope", type: AttributeType.FLOAT } }),
      node("Elu", ["leaky"], ["elu"], { alpha: { ref: "base", type: AttributeType.FLOAT } }),
      node("Sum", ["elu", "v"], ["r"]),
    ],
  };
  const call = (inputs: string[], output: string, attributes: NodeSpec["attributes"]): NodeSpec => {
    return { op: "scaled", domain: "local", inputs, outputs: [output], attributes: attributes ?? {} };
  };

  it("are put in place, with attributes of the call and defaults", async () => {
    const nodes = [call(["x"], "z", { slope: 0.25 }), call(["z"], "y", { slope: 0.125, base: 0.75 })];
    const { graph, values } = await same({ nodes, functions: [scaled] });
    expect(graph.nodes).toHaveLength(6);
    expect(values.has("y/leaky")).toBe(true);
  });

  it("may call each other, but not themselves", async () => {
    const twice = {
      name: "twice",
      inputs: ["v"],
      outputs: ["r"],
      nodes: [call(["v"], "m", { slope: 0.5 }), call(["m"], "r", { slope: 0.5 })],
    };
    const use: NodeSpec = { op: "twice", domain: "local", inputs: ["x"], outputs: ["y"] };
    await same({ nodes: [use], functions: [scaled, twice] });
    const circle = { ...twice, nodes: [{ ...use, inputs: ["v"], outputs: ["r"] }] };
    expect(await refused({ nodes: [use], functions: [circle] })).toMatchObject({ code: "MODEL_UNSUPPORTED" });
  });

  it("that multiply without end are refused", async () => {
    const level = (i: number) => ({
      name: `f${i}`,
      inputs: ["v"],
      outputs: ["r9"],
      nodes: Array.from({ length: 10 }, (_, k): NodeSpec => {
        const op = i === 0 ? { op: "Relu" } : { op: `f${i - 1}`, domain: "local" };
        return { ...op, inputs: [k === 0 ? "v" : `r${k - 1}`], outputs: [`r${k}`] };
      }),
    });
    const functions = Array.from({ length: 12 }, (_, i) => level(i));
    const nodes: NodeSpec[] = [{ op: "f11", domain: "local", inputs: ["x"], outputs: ["y"] }];
    expect(await refused({ nodes, functions })).toMatchObject({ code: "MODEL_UNSUPPORTED" });
  });
});

it("patterns pass over what decides shapes", async () => {
  const nodes = [
    node("Cast", ["count"], ["columns"], { to: 7 }),
    node("Reshape", ["x", "columns"], ["flat"]),
    node("Mul", ["flat", "w"], ["y"]),
  ];
  const initializers = { count: float32([1], [12]), w: someNumbers([12]) };
  const { parameters } = await same({ nodes, initializers }, { trainable: ["*"] });
  expect(Object.keys(parameters)).toEqual(["w"]);
  expect(await refused({ nodes, initializers }, { trainable: ["count"] })).toMatchObject({ code: "NOT_CONSTANT" });
});
