import fc from "fast-check";
import type { ModelProto } from "onnx-buf";
import { TensorProto_DataLocation as DataLocation } from "onnx-buf";
import { describe, expect, it } from "vitest";
import {
  compileTraining,
  fromOnnx,
  GraphError,
  type ImportOptions,
  matchingNames,
  ops,
  printGraph,
  probeWith,
  sgd,
  TrainingSession,
  toOnnx,
} from "../src/index.js";
import { backend } from "./backend.js";
import {
  encodeModel,
  float32,
  int64,
  largestError,
  type ModelSpec,
  runModel,
  smallModel,
  someNumbers,
} from "./onnx-files.js";

const relu = { op: "Relu", inputs: ["x"], outputs: ["y"] };

/** Two linear layers with what exporters leave between them. */
const perceptron: ModelSpec = {
  opset: 13,
  inputs: { x: ["batch", 2, 3] },
  outputs: ["logits"],
  nodes: [
    { op: "Shape", inputs: ["x"], outputs: ["shape"] },
    { op: "Gather", inputs: ["shape", "zero"], outputs: ["rows"] },
    { op: "Unsqueeze", inputs: ["rows", "zeros"], outputs: ["rows.1"] },
    { op: "Concat", inputs: ["rows.1", "minus"], outputs: ["target"], attributes: { axis: 0 } },
    { op: "Reshape", inputs: ["x", "target"], outputs: ["flat"] },
    { op: "Gemm", inputs: ["flat", "fc1.weight", "fc1.bias"], outputs: ["hidden"], attributes: { transB: 1 } },
    { op: "Relu", inputs: ["hidden"], outputs: ["relu"] },
    { op: "Dropout", inputs: ["relu"], outputs: ["dropped"] },
    { op: "Identity", inputs: ["dropped"], outputs: ["same"] },
    { op: "Gemm", inputs: ["same", "fc2.weight"], outputs: ["logits"], attributes: { transB: 1 } },
  ],
  initializers: {
    zero: { dtype: "int64", shape: [], data: BigInt64Array.of(0n) },
    zeros: int64([0]),
    minus: int64([-1]),
    "fc1.weight": someNumbers([5, 6]),
    "fc1.bias": someNumbers([5]),
    "fc2.weight": someNumbers([2, 5]),
  },
};

const bytesOf = (spec: ModelSpec) => encodeModel(smallModel(spec));
const perceptronBytes = bytesOf(perceptron);
const dims = { batch: 4 };

async function errorOf(bytes: Uint8Array, options: ImportOptions = {}): Promise<GraphError> {
  const result = await fromOnnx(bytes, options).catch((error: unknown) => error);
  expect(result).toBeInstanceOf(GraphError);
  return result as GraphError;
}

describe("reading a model", () => {
  it("leaves exporters' noise behind and keeps names", async () => {
    const { graph, inputs, outputs, values, opset, parameters } = await fromOnnx(perceptronBytes, { dims });
    expect(printGraph(graph)).toMatchInlineSnapshot(`
      "graph {
        input x: float32[4,2,3]
        flat: float32[4,6] = Reshape(x, [4,-1])
        hidden: float32[4,5] = Gemm(flat, fc1.weight, [-0.7885024547576904,-0.8861641883850098,1.6118829250335693,0.4827766418457031,-0.2768588066101074]; transB=1)
        relu: float32[4,5] = Relu(hidden)
        logits: float32[4,2] = Gemm(relu, fc2.weight; transB=1)
        return logits = logits
      }"
    `);
    expect([...inputs.keys(), ...outputs.keys(), opset]).toEqual(["x", "logits", 13]);
    expect(matchingNames(values.keys(), "h*")).toEqual(["hidden"]);
    expect(values.get("same")).toBe(values.get("relu"));
    expect(parameters).toEqual({});
  });

  it("computes what the file computes", async () => {
    const { graph } = await fromOnnx(perceptronBytes, { dims });
    const feeds = { x: someNumbers([4, 2, 3]) };
    const [expected, actual] = [await runModel(perceptronBytes, feeds), await runModel(toOnnx(graph), feeds)];
    expect(largestError(actual.logits!.data, expected.logits!.data)).toBeLessThan(1e-6);
  });

  it("promotes initializers by pattern, and they train", async () => {
    const { parameters, values, outputs } = await fromOnnx(perceptronBytes, { dims, trainable: ["fc*"] });
    expect(Object.keys(parameters)).toEqual(["fc1.weight", "fc1.bias", "fc2.weight"]);
    const logits = outputs.get("logits")!;
    const program = compileTraining({ loss: ops.reduceMean(ops.mul(logits, logits)), optimizer: sgd() });
    const session = await TrainingSession.create(program, backend, { seed: 1, state: parameters, threads: 1 });
    const losses: number[] = [];
    for (let i = 0; i < 5; i++) losses.push((await session.run({ x: someNumbers([4, 2, 3]).data }, 0.01)).loss!);
    await session.release();
    expect([...losses].sort((a, b) => b - a)).toEqual(losses);
    expect(losses[4]).toBeLessThan(losses[0]!);
    expect(values.get("fc1.bias")!.source.kind).toBe("parameter");
  });

  it("ends at the values that until names, and asks for nothing that they do not need", async () => {
    const { outputs, graph } = await fromOnnx(perceptronBytes, { dims, until: ["hidden", "re*"] });
    expect([...outputs.keys()]).toEqual(["hidden", "relu"]);
    expect(graph.nodes.map(({ op }) => op)).toEqual(["Reshape", "Gemm", "Relu"]);
  });

  it("reads external data", async () => {
    const model = smallModel(perceptron);
    const weight = model.graph!.initializer.find(({ name }) => name === "fc2.weight")!;
    const file = new Uint8Array(weight.rawData.length + 3);
    file.set(weight.rawData, 3);
    weight.rawData = new Uint8Array();
    weight.dataLocation = DataLocation.EXTERNAL;
    const entry = (key: string, value: string) => ({ $typeName: "onnx.StringStringEntryProto" as const, key, value });
    weight.externalData = [entry("location", "weights.bin"), entry("offset", "3"), entry("length", "40")];
    const bytes = encodeModel(model);
    const { values } = await fromOnnx(bytes, {
      dims,
      externalData: (name) => (name === "weights.bin" ? file : new Uint8Array()),
    });
    expect(values.get("fc2.weight")!.source).toMatchObject({ data: perceptron.initializers!["fc2.weight"]!.data });
    expect(await errorOf(bytes, { dims })).toMatchObject({ code: "MODEL_INVALID", value: "weights.bin" });
    expect((await errorOf(bytes, { dims, externalData: () => file.subarray(4) })).message).toContain("lies outside");
  });

  it("learns from a run what only a run can tell", async () => {
    const bytes = bytesOf({
      opset: 13,
      inputs: { x: [2, 3] },
      outputs: ["y"],
      nodes: [
        { op: "Mul", inputs: ["x", "nothing"], outputs: ["zeros"] },
        { op: "Cos", inputs: ["zeros"], outputs: ["ones"] },
        { op: "ReduceSum", inputs: ["ones"], outputs: ["six"], attributes: { keepdims: 0 } },
        { op: "Cast", inputs: ["six"], outputs: ["count"], attributes: { to: 7 } },
        { op: "Unsqueeze", inputs: ["count", "first"], outputs: ["target"] },
        { op: "Reshape", inputs: ["x", "target"], outputs: ["y"] },
      ],
      initializers: { nothing: float32([], [0]), first: int64([0]) },
    });
    expect(await errorOf(bytes)).toMatchObject({ code: "NOT_CONSTANT", value: "target" });
    const { outputs } = await fromOnnx(bytes, { shapesOf: probeWith(backend) });
    expect(outputs.get("y")!.shape).toEqual([6]);
    const failing = () => Promise.reject(new Error("no kernel"));
    expect(await errorOf(bytes, { shapesOf: failing })).toMatchObject({ code: "RUNTIME_FAILED" });
  });
});

describe("what cannot be read is refused with a reason", () => {
  it.each<[string, ImportOptions, string]>([
    ["open dimensions", {}, "OPTION_INVALID"],
    ["patterns for nothing", { dims, trainable: ["layer*"] }, "OPTION_INVALID"],
    ["cuts at unknown values", { dims, until: ["nowhere"] }, "OPTION_INVALID"],
  ])("%s", async (_, options, code) => {
    expect((await errorOf(perceptronBytes, options)).code).toBe(code);
  });

  it("operators that graphs do not have, all of them, with counts", async () => {
    const nodes = [
      { op: "RoiAlign", inputs: ["x"], outputs: ["a"] },
      { op: "RoiAlign", inputs: ["x"], outputs: ["b"] },
      { op: "Magic", domain: "my.domain", inputs: ["a", "b"], outputs: ["y"] },
    ];
    const error = await errorOf(bytesOf({ opset: 17, inputs: { x: [2] }, outputs: ["y"], nodes }));
    expect(error).toMatchObject({ code: "MODEL_UNSUPPORTED", value: { RoiAlign: 2, "my.domain:Magic": 1 } });
  });

  const edited = (edit: (model: ModelProto) => void, spec: ModelSpec = perceptron) => {
    const model = smallModel(spec);
    edit(model);
    return encodeModel(model);
  };
  const single: ModelSpec = { opset: 13, inputs: { x: [2] }, outputs: ["y"], nodes: [relu] };
  it.each<[string, Uint8Array, string]>([
    ["nothing", new Uint8Array(), "no graph"],
    ["text", new TextEncoder().encode("hello, world"), "no ONNX model"],
    ["half a file", perceptronBytes.subarray(0, 300), ""],
    ["a value from nowhere", bytesOf({ ...single, nodes: [{ ...relu, inputs: ["z"] }] }), "z is defined nowhere"],
    ["a circle", bytesOf({ ...single, nodes: [{ ...relu, inputs: ["y"] }] }), "y depends on itself"],
    ["a value defined twice", bytesOf({ ...single, nodes: [relu, relu] }), "y is defined twice"],
    [
      "a tensor cut short",
      edited((m) => {
        m.graph!.initializer[3]!.rawData = new Uint8Array(8);
      }),
      "fc1.weight",
    ],
    [
      "two inputs of one name",
      edited((m) => {
        m.graph!.input.push(m.graph!.input[0]!);
      }, single),
      "x is defined twice",
    ],
    [
      "an output from nowhere",
      edited((m) => {
        m.graph!.output[0]!.name = "nowhere";
      }, single),
      "nowhere is defined nowhere",
    ],
    [
      "a file without an opset",
      edited((m) => {
        m.opsetImport = [];
      }),
      "opset",
    ],
  ])("%s", async (_, bytes, message) => {
    const error = await errorOf(bytes, { dims });
    expect(error.code).toBe("MODEL_INVALID");
    expect(error.message).toContain(message);
  });

  it("missing inputs, at the file's node", async () => {
    const nodes = [{ op: "Add", inputs: ["x"], outputs: ["y"] }];
    expect(await errorOf(bytesOf({ ...single, nodes }))).toMatchObject({ code: "INPUT_COUNT", where: "node y (Add)" });
  });

  it("shapes that do not fit, at the file's node", async () => {
    const error = await errorOf(bytesOf({ ...perceptron, inputs: { x: ["batch", 2, 4] } }), { dims });
    expect(error).toMatchObject({ code: "SHAPE_MISMATCH", where: "node hidden (Gemm)" });
  });

  it("damaged files, whatever is damaged: a typed error or a sound graph", async () => {
    const damage = fc.record({
      flips: fc.array(fc.tuple(fc.nat(perceptronBytes.length - 1), fc.integer({ min: 1, max: 255 })), { maxLength: 6 }),
      length: fc.oneof(fc.constant(perceptronBytes.length), fc.nat(perceptronBytes.length)),
    });
    await fc.assert(
      fc.asyncProperty(damage, async ({ flips, length }) => {
        const bytes = Uint8Array.from(perceptronBytes);
        for (const [at, mask] of flips) bytes[at]! ^= mask;
        const result = await fromOnnx(bytes.subarray(0, length), { dims: { "*": 2 } }).catch((error: unknown) => error);
        if (!(result instanceof GraphError)) expect(result).toHaveProperty("graph");
        // The net under everything else: reaching it is a check that is missing.
        else expect(result.message).not.toContain("the model cannot be read");
      }),
      { numRuns: 1500 },
    );
  });
});
