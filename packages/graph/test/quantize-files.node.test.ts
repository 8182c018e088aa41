import { create } from "@bufbuild/protobuf";
import { TypeProtoSchema, type ValueInfoProto } from "onnx-buf";
import { describe, expect, it } from "vitest";
import { inspectModel, quantizableLayers, quantizeDynamic, quantizeStatic, toHalf } from "../src/index.js";
import { encodeModel, float32, largestError, type ModelSpec, type NodeSpec, smallModel } from "./onnx-files.js";
import { type Asked, rangesOf, run, wave } from "./quantizing.js";

const weight = (shape: readonly number[], step: number) => float32(shape, [...wave(shape, step)]);

const node = (op: string, inputs: string[], output: string, attributes: NodeSpec["attributes"] = {}): NodeSpec => {
  return { op, inputs, outputs: [output], attributes };
};

/** A file whose outputs say that they are float32. */
function fileOf(spec: Omit<ModelSpec, "opset">): Uint8Array {
  const model = smallModel({ opset: 17, ...spec });
  const [input] = model.graph!.input;
  for (const output of model.graph!.output) {
    output.type = create(TypeProtoSchema, { value: { case: "tensorType", value: { elemType: elementOf(input!) } } });
  }
  return encodeModel(model);
}

const elementOf = ({ type }: ValueInfoProto) => (type?.value.case === "tensorType" ? type.value.value.elemType : 0);

const asked = (shape: readonly number[]): Asked => ({ shape, data: wave(shape, 0.7) });

const answers = async (file: Uint8Array, shape: readonly number[]) => (await run(file, asked(shape), ["y"])).get("y")!;

const IMAGES = [2, 3, 6, 6];
const pooled = fileOf({
  inputs: { x: ["n", 3, 6, 6] },
  outputs: ["y"],
  initializers: {
    w1: weight([4, 3, 3, 3], 0.3),
    w2: weight([4, 4, 1, 1], 0.9),
    w3: weight([5, 36], 0.4),
    b3: weight([1], 1),
  },
  nodes: [
    node("Conv", ["x", "w1"], "c", { pads: [1, 1, 1, 1] }),
    node("Relu", ["c"], "r"),
    node("MaxPool", ["r"], "p", { kernel_shape: [2, 2], strides: [2, 2] }),
    node("Conv", ["p", "w2"], "d"),
    node("Add", ["d", "p"], "s"),
    node("Relu", ["s"], "t"),
    node("Conv", ["t", "w2"], "e"),
    node("Add", ["e", "t"], "u"),
    node("Flatten", ["u"], "f"),
    node("Gemm", ["f", "w3", "b3"], "y", { transB: 1 }),
  ],
});

describe("a model with pooling, shortcuts and a bias for all", () => {
  it("is quantized layer by layer with the ranges of all", async () => {
    const ranges = await rangesOf(pooled, asked(IMAGES));
    const expected = await answers(pooled, IMAGES);
    const layers = quantizableLayers(pooled).map(({ name }) => name);
    expect(layers).toEqual(["c", "d", "e"]);
    for (const only of [layers, ...layers.map((name) => [name])]) {
      expect(largestError(await answers(quantizeStatic(pooled, ranges, { only }), IMAGES), expected)).toBeLessThan(0.3);
    }
  });

  it("has no activation in floating point between its first and its last layer", async () => {
    const { operators } = await inspectModel(quantizeStatic(pooled, await rangesOf(pooled, asked(IMAGES))));
    const counts = Object.fromEntries(operators.map(({ operator, count }) => [operator, count]));
    // Those of x, r, p, d, t, e, u and the flattened one.
    expect(counts.QuantizeLinear).toBe(8);
  });
});

describe("numbers in Constant nodes", () => {
  const ROWS = [3, 8];
  const held = fileOf({
    inputs: { x: ["n", 8] },
    outputs: ["y"],
    nodes: [
      node("Constant", [], "w", { value: { tensor: weight([8, 6], 0.2) } }),
      node("Constant", [], "a", { value: { tensor: weight([6], 1.3) } }),
      node("Constant", [], "b", { value: { tensor: weight([6], 0.1) } }),
      node("MatMul", ["x", "w"], "m"),
      node("Add", ["m", "a"], "n"),
      node("Add", ["n", "b"], "y"),
    ],
  });

  it("are kept apart though they have no names", async () => {
    const expected = await answers(held, ROWS);
    expect(largestError(await answers(toHalf(held).model, ROWS), expected)).toBeLessThan(0.01);
    expect(quantizableLayers(held)).toHaveLength(1);
    expect(largestError(await answers(quantizeDynamic(held), ROWS), expected)).toBeLessThan(0.1);
    expect(
      largestError(await answers(quantizeStatic(held, await rangesOf(held, asked(ROWS))), ROWS), expected),
    ).toBeLessThan(0.1);
  });
});

describe("a file that lists its weights among the inputs", () => {
  it("has them as constants alone afterwards", async () => {
    const listed = fileOf({
      inputs: { x: ["n", 8], w: [8, 40] },
      outputs: ["y"],
      initializers: { w: weight([8, 40], 0.2) },
      nodes: [node("MatMul", ["x", "w"], "y")],
    });
    const expected = await answers(listed, [3, 8]);
    expect(largestError(await answers(toHalf(listed).model, [3, 8]), expected)).toBeLessThan(0.01);
    const small = quantizeDynamic(listed);
    expect(small.length).toBeLessThan(0.75 * listed.length);
    expect(largestError(await answers(small, [3, 8]), expected)).toBeLessThan(0.1);
  });
});

describe("infinity", () => {
  it("may stand in constants that are no weights", async () => {
    const masked = fileOf({
      inputs: { x: ["n", 4] },
      outputs: ["y"],
      initializers: { mask: float32([4], [0, Number.NEGATIVE_INFINITY, 0, 0]) },
      nodes: [node("Add", ["x", "mask"], "m"), node("Softmax", ["m"], "y", { axis: 1 })],
    });
    const { model, clipped } = toHalf(masked);
    expect(clipped).toBe(0);
    expect(largestError(await answers(model, [2, 4]), await answers(masked, [2, 4]))).toBeLessThan(0.01);
  });

  it("is no range", async () => {
    const ranges = new Map(
      [...(await rangesOf(pooled, asked(IMAGES)))].map(([name]) => [name, { min: 0, max: Number.POSITIVE_INFINITY }]),
    );
    expect(() => quantizeStatic(pooled, ranges)).toThrow(/goes from 0 to Infinity/);
  });
});
