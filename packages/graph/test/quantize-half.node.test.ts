import { create } from "@bufbuild/protobuf";
import { TensorProto_DataLocation as DataLocation, StringStringEntryProtoSchema } from "onnx-buf";
import { describe, expect, it } from "vitest";
import { type DType, type TypedArray, toHalf } from "../src/index.js";
import {
  encodeModel,
  float32,
  largestError,
  type ModelSpec,
  type NodeSpec,
  runModel,
  smallModel,
} from "./onnx-files.js";
import { wave } from "./quantizing.js";

const node = (op: string, inputs: string[], output: string, attributes: NodeSpec["attributes"] = {}): NodeSpec => {
  return { op, inputs, outputs: [output], attributes };
};
const some = (shape: readonly number[], step: number) => float32(shape, [...wave(shape, step)]);
const whole = (data: readonly number[]) => {
  return {
    dtype: "int64" as DType,
    shape: [data.length],
    data: BigInt64Array.from(data, BigInt) as unknown as TypedArray,
  };
};
const file = (spec: Omit<ModelSpec, "opset">) => encodeModel(smallModel({ opset: 17, ...spec }));

/** Runs a model before and after, and expects the same but for rounding. */
async function expectAlike(bytes: Uint8Array, shape: readonly number[], most = 0.01) {
  const feeds = { x: some(shape, 0.7) };
  const { model, ...losses } = toHalf(bytes);
  const [before, after] = [await runModel(bytes, feeds), await runModel(model, feeds)];
  expect(Object.keys(after)).toEqual(Object.keys(before));
  for (const [name, { shape, data }] of Object.entries(before)) {
    expect(after[name]!.shape, name).toEqual(shape);
    expect(after[name]!.data.constructor).toBe(data.constructor);
    expect(largestError(after[name]!.data, data), name).toBeLessThan(most);
  }
  return { model, ...losses };
}

const FLOAT = 1;
const INT64 = 7;

describe("half precision", () => {
  it("leaves sizes alone that are computed in the graph", async () => {
    const image = [1, 2, 33, 7];
    const { model } = await expectAlike(
      file({
        inputs: { x: image },
        outputs: ["y", "z"],
        initializers: {
          w: some([512, 2, 1, 1], 0.3),
          size: float32([2], [100, 25]),
          ones: float32([2], [1, 1]),
          from: whole([2]),
          to: whole([4]),
          all: whole([1, 512, 100, 25]),
        },
        nodes: [
          node("Conv", ["x", "w"], "c"),
          node("Shape", ["c"], "shape"),
          node("Slice", ["shape", "from", "to"], "inner"),
          node("Cast", ["inner"], "real", { to: FLOAT }),
          node("Div", ["size", "real"], "scales"),
          node("Concat", ["ones", "scales"], "factors", { axis: 0 }),
          // 100 / 33 in half precision is too small for 100 places.
          node("Resize", ["c", "", "factors"], "r", { mode: "nearest" }),
          node("Add", ["r", "r"], "y"),
          node("Mul", ["real", "real"], "squares"),
          node("Cast", ["squares"], "places", { to: INT64 }),
          node("Concat", ["places", "to"], "z", { axis: 0 }),
        ],
      }),
      image,
    );
    expect(model.length).toBeLessThan(4096);
  });

  it("gives outputs that are constants, inputs, or taken in between", async () => {
    await expectAlike(
      file({
        inputs: { x: [2, 3] },
        outputs: ["w", "held", "m", "y", "ids"],
        initializers: { w: some([3, 3], 0.3), ids: whole([4, 5]) },
        nodes: [
          node("Constant", [], "held", { value: { tensor: some([3], 0.9) } }),
          node("MatMul", ["x", "w"], "m"),
          node("Add", ["m", "held"], "y"),
        ],
      }),
      [2, 3],
    );
  });

  it("keeps single precision where operators know nothing else, and in branches", async () => {
    const branch = (op: string) => ({
      outputs: ["b"],
      initializers: { k: some([3], 0.4) },
      nodes: [node("Mul", ["m", "k"], "t"), node(op, ["t", "w2"], "b")],
    });
    const model = smallModel({
      opset: 17,
      inputs: { x: [2, 3] },
      outputs: ["y"],
      initializers: { w: some([3, 3], 0.3), w2: some([3], 0.8), zero: float32([], [0]) },
      nodes: [
        node("MatMul", ["x", "w"], "m"),
        node("ReduceSum", ["m"], "s", { keepdims: 0 }),
        node("Greater", ["s", "zero"], "c"),
        node("If", ["c"], "i", { then_branch: { body: branch("Add") }, else_branch: { body: branch("Sub") } }),
        node("Celu", ["i"], "u"),
        node("Constant", [], "held", { value_float: { float: 2 } }),
        node("Mul", ["u", "held"], "d"),
        node("Mul", ["d", "w2"], "y"),
      ],
    });
    expect(() => toHalf(encodeModel(model))).toThrow(/a type that the file does not state/);
    for (const { g } of model.graph!.node[3]!.attribute) g!.output[0]!.type = model.graph!.input[0]!.type;
    await expectAlike(encodeModel(model), [2, 3]);
  });

  it("cuts masks off that are computed, as it does those that are stored", async () => {
    const { clipped } = await expectAlike(
      file({
        inputs: { x: [2, 3] },
        outputs: ["y"],
        initializers: { far: float32([1], [-3e38]), tiny: float32([3], [1e-9, 1, 0]) },
        nodes: [
          node("Shape", ["x"], "shape"),
          node("Expand", ["far", "shape"], "mask"),
          node("Mul", ["mask", "tiny"], "no"),
          node("Add", ["x", "far"], "a"),
          node("Max", ["a", "mask", "no", "x"], "y"),
        ],
      }),
      [2, 3],
    );
    expect(clipped).toBe(1);
  });

  it("counts weights that it cannot hold", () => {
    const { clipped, vanished } = toHalf(
      file({
        inputs: { x: [1, 4] },
        outputs: ["y"],
        initializers: { w: float32([4], [1e5, -1e6, 1e-9, 0]) },
        nodes: [node("Mul", ["x", "w"], "y")],
      }),
    );
    expect({ clipped, vanished }).toEqual({ clipped: 2, vanished: 1 });
  });
});

describe("external data of a branch", () => {
  it("are taken into the file", async () => {
    const body = (weight: string) => ({
      outputs: ["b"],
      initializers: { [weight]: some([3], 0.4) },
      nodes: [node("Mul", ["x", weight], "b")],
    });
    const model = smallModel({
      opset: 17,
      inputs: { x: [2, 3] },
      outputs: ["y"],
      initializers: { zero: float32([], [0]) },
      nodes: [
        node("ReduceSum", ["x"], "s", { keepdims: 0 }),
        node("Greater", ["s", "zero"], "c"),
        node("If", ["c"], "y", { then_branch: { body: body("k") }, else_branch: { body: body("l") } }),
      ],
    });
    const [then, other] = model.graph!.node[2]!.attribute.map(({ g }) => g!);
    for (const { output } of [then!, other!]) output[0]!.type = model.graph!.input[0]!.type;
    const inside = encodeModel(model);
    const [tensor] = then!.initializer;
    const bytes = new Uint8Array(Float32Array.from(wave([3], 0.4)).buffer);
    tensor!.dataLocation = DataLocation.EXTERNAL;
    tensor!.rawData = new Uint8Array();
    tensor!.floatData = [];
    tensor!.externalData = [create(StringStringEntryProtoSchema, { key: "location", value: "w.bin" })];
    const outside = encodeModel(model);
    expect(() => toHalf(outside)).toThrow(/lies in another file/);
    const feeds = { x: some([2, 3], 0.7) };
    const { model: half } = toHalf(outside, { externalData: () => bytes });
    const [before, after] = [await runModel(inside, feeds), await runModel(half, feeds)];
    expect(largestError(after.y!.data, before.y!.data)).toBeLessThan(0.01);
  });
});
