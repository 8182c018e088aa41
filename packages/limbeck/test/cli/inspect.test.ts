import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createGraph, ops, toOnnx } from "@limbeck/graph";
import { beforeAll, describe, expect, it } from "vitest";
import { limbeck, temporaryFolder } from "../runs/harness.js";

const folder = temporaryFolder();
const model = join(folder, "model.onnx");

/** A convolution and a linear layer, with names as PyTorch gives them. */
function convolutional(): Uint8Array {
  const graph = createGraph();
  const x = graph.input("images", "float32", [1, 3, 8, 8]);
  const [weight, bias] = [
    graph.parameter("conv.weight", "float32", [4, 3, 3, 3]),
    graph.parameter("conv.bias", "float32", [4]),
  ];
  const linear = graph.parameter("fc.weight", "float32", [10, 4]);
  const features = ops.relu(ops.conv(x, weight, bias, { padding: 1 }));
  graph.output("logits", ops.linear(ops.flatten(ops.globalAveragePool(features)), linear));
  const parameters = {
    "conv.weight": new Float32Array(108),
    "conv.bias": new Float32Array(4),
    "fc.weight": new Float32Array(40),
  };
  const symbols = { images: { 0: "batch" }, logits: { 0: "batch" } };
  return toOnnx(graph, { parameters, symbols });
}

beforeAll(() => writeFileSync(model, convolutional()));

describe("limbeck inspect", () => {
  it("shows a model on a screen of 80 columns, without colors where nobody looks", async () => {
    const { code, stdout, stderr } = await limbeck(["inspect", model]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout.split("\n").slice(1)).toEqual([
      "producer   limbeck",
      "format     ONNX IR 8, opset 17",
      "input    images   float32 [batch, 3, 8, 8]",
      "output   logits   float32 [batch, 10]",
      "Figures are for batch = 1.",
      "Set other sizes with --dim 'batch=SIZE'.",
      "",
      "operators           count     MACs    FLOPs",
      "Conv                    1   6.91 k   14.1 k",
      "Relu                    1        -      256",
      "GlobalAveragePool       1        -      256",
      "Gemm                    1       40       80",
      "Flatten                 1        -        -",
      "total                   5   6.95 k   14.7 k",
      "A MAC is 2 FLOPs; any other function is 1 for each element.",
      "",
      "tensors   values   trainable   parameters",
      "      1      108         108   conv.weight",
      "      1        4           4   conv.bias",
      "      1       40          40   fc.weight",
      "      3      152         152   total, 608 B",
      "",
      "training: a loss on the outputs trains every weight.",
      "",
      "shape          type      operator   value to tap",
      "[1, 4, 8, 8]   float32   Relu       relu_1",
      "[1, 4]         float32   Flatten    flatten_1",
      "2 of 5 values; --taps '*' lists all.",
      "",
    ]);
    expect(stdout).toMatch(/^model\.onnx {2}[\d.]+ (k)?B\n/);
    for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  it("lists values and weights that fit a pattern", async () => {
    const taps = await limbeck(["inspect", model, "--taps", "re*", "--dim", "batch=5"]);
    expect(taps.stdout).toContain("[5, 4, 8, 8]   float32   Relu       relu_1");
    const weights = await limbeck(["inspect", model, "--trainable", "conv.*"]);
    expect(weights.stdout).toBe(
      [
        "values   trainable   type                   weight",
        "   108         yes   float32 [4, 3, 3, 3]   conv.weight",
        "     4         yes   float32 [4]            conv.bias",
        "112 values in 2 tensors can be trained.",
        "",
      ].join("\n"),
    );
  });

  it("prints one JSON document, narrowed to what was asked for", async () => {
    const { stdout } = await limbeck(["inspect", model, "--json", "--trainable", "fc.*"]);
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({ status: "done", file: model, format: 1, macs: 6952, parameters: { total: 152 } });
    expect(found.parameters.tensors.map(({ name }: { name: string }) => name)).toEqual(["fc.weight"]);
  });

  const broken: readonly (readonly [string, () => string, string])[] = [
    ["a file that is not there", () => join(folder, "none.onnx"), "FILE_MISSING"],
    ["a folder", () => makeFolder("folder.onnx"), "FILE_UNREADABLE"],
    ["a device", () => "/dev/zero", "FILE_UNREADABLE"],
    ["an empty file", () => write("empty.onnx", new Uint8Array()), "MODEL_INVALID"],
    ["a file that is cut short", () => write("short.onnx", convolutional().subarray(0, 300)), "MODEL_INVALID"],
    ["a picture", () => write("picture.onnx", Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10)), "MODEL_INVALID"],
    ["a file larger than ONNX files are", () => huge("huge.onnx"), "FILE_UNREADABLE"],
    ["a model whose weights are missing", () => write("away.onnx", external("weights.bin")), "FILE_MISSING"],
    ["a model whose weights are cut short", () => shortData("weights-short.bin"), "FILE_UNREADABLE"],
    [
      "a model that reaches out of its folder",
      () => write("thief.onnx", external("../../etc/passwd")),
      "FILE_UNREADABLE",
    ],
  ];

  it.each(broken)("refuses %s", async (_, path, code) => {
    const result = await limbeck(["inspect", path(), "--json"]);
    expect([result.code, result.stderr]).toEqual([2, ""]);
    expect(JSON.parse(result.stdout)).toMatchObject({ status: "failed", error: { code, fix: expect.any(String) } });
  });

  it.each([
    [["--dim", "batch"], "USAGE"],
    [["--dim", "time=4"], "OPTION_INVALID"],
    [["--taps", "nothing*"], "OPTION_INVALID"],
    [["--trainable", "nothing*"], "OPTION_INVALID"],
  ])("refuses %j", async (options, code) => {
    const { code: exit, stdout } = await limbeck(["inspect", model, "--json", ...options]);
    expect([exit, JSON.parse(stdout).error.code]).toEqual([2, code]);
  });
});

function write(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

function makeFolder(name: string): string {
  mkdirSync(join(folder, name), { recursive: true });
  return join(folder, name);
}

function huge(name: string): string {
  const path = write(name, new Uint8Array());
  truncateSync(path, 3 * 2 ** 30);
  return path;
}

function shortData(location: string): string {
  write(location, new Uint8Array(10));
  return write("short-data.onnx", external(location));
}

/** A model whose one weight of 24 bytes lies in another file, byte by byte: encoding models is not this package's business. */
function external(location: string): Uint8Array {
  const text = (value: string) => [...new TextEncoder().encode(value)];
  const field = (number: number, content: readonly number[]) => [(number << 3) | 2, content.length, ...content];
  const varint = (number: number, value: number) => [number << 3, value];
  const entry = (key: string, value: string) => field(13, [...field(1, text(key)), ...field(2, text(value))]);
  const data = [...entry("location", location), ...entry("length", "24")];
  const tensor = [...varint(1, 2), ...varint(1, 3), ...varint(2, 1), ...field(8, text("w")), ...data, ...varint(14, 1)];
  const value = (name: string) => {
    const dims = [2, 3].flatMap((size) => field(1, varint(1, size)));
    return [...field(1, text(name)), ...field(2, field(1, [...varint(1, 1), ...field(2, dims)]))];
  };
  const node = [...field(1, text("x")), ...field(1, text("w")), ...field(2, text("y")), ...field(4, text("Add"))];
  const graph = [...field(1, node), ...field(5, tensor), ...field(11, value("x")), ...field(12, value("y"))];
  const model = [
    ...varint(1, 8),
    0x3a,
    (graph.length & 127) | 128,
    graph.length >> 7,
    ...graph,
    ...field(8, varint(2, 17)),
  ];
  return Uint8Array.from(model);
}
