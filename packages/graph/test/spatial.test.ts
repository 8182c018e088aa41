import { describe, expect, it } from "vitest";
import { createGraph, GraphError, gradients, ops, type Tensor, toOnnx } from "../src/index.js";
import { backend } from "./backend.js";
import { expectClose, runGraph } from "./harness.js";

const image = (shape: readonly number[] = [1, 4, 6, 6]) => createGraph().input("x", "float32", shape);

function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof GraphError) return error.code;
    throw error;
  }
  return "nothing was thrown";
}

const pool = (x: Tensor, attributes: object) => x.graph.emit("MaxPool", [x], { kernel_shape: [2, 2], ...attributes });
const resize = (x: Tensor, scales?: number[], sizes?: number[], attributes = {}) =>
  x.graph.emit(
    "Resize",
    [x, undefined, scales && x.graph.constant("float32", [scales.length], scales), sizes && x.graph.ints(sizes)],
    attributes,
  );

describe("refused", () => {
  it.each<[string, string, (x: Tensor) => unknown]>([
    ["windows of another rank", "ATTRIBUTE_INVALID", (x) => pool(x, { kernel_shape: [2] })],
    ["windows without a kernel", "ATTRIBUTE_INVALID", (x) => x.graph.emit("AveragePool", [x])],
    ["windows that do not fit", "SHAPE_MISMATCH", (x) => pool(x, { kernel_shape: [7, 7] })],
    ["strides of 0", "ATTRIBUTE_INVALID", (x) => pool(x, { strides: [0, 1] })],
    ["pads as large as the kernel", "ATTRIBUTE_INVALID", (x) => pool(x, { pads: [2, 0, 0, 0], dilations: [3, 3] })],
    ["negative pads of a pool", "ATTRIBUTE_INVALID", (x) => pool(x, { pads: [-1, 0, 0, 0] })],
    ["unknown auto_pad", "ATTRIBUTE_INVALID", (x) => pool(x, { auto_pad: "SAME" })],
    ["unknown storage orders", "ATTRIBUTE_INVALID", (x) => pool(x, { storage_order: 2 })],
    ["pools without spatial axes", "SHAPE_MISMATCH", (x) => pool(ops.reshape(x, [4, 36]), {})],
    ["empty planes", "SHAPE_MISMATCH", () => pool(image([1, 2, 0, 4]), {})],
    ["global pools of matrices", "SHAPE_MISMATCH", (x) => ops.globalAveragePool(ops.reshape(x, [4, 36]))],
    ["norms of order 0", "ATTRIBUTE_INVALID", (x) => x.graph.emit("GlobalLpPool", [x], { p: 0 })],
    ["kernel sizes of another rank", "OPTION_INVALID", (x) => ops.maxPool2d(x, [2, 2, 2])],
    ["too few pads", "SHAPE_MISMATCH", (x) => x.graph.emit("Pad", [x, x.graph.ints([1, 1])])],
    ["pads known at run time only", "NOT_CONSTANT", (x) => x.graph.emit("Pad", [x, x.graph.input("p", "int64", [8])])],
    ["unknown padding", "ATTRIBUTE_INVALID", (x) => x.graph.emit("Pad", [x, x.graph.ints([])], { mode: "wrap" })],
    ["mirrors wider than the inside", "SHAPE_MISMATCH", (x) => ops.pad(x, [6, 0], { mode: "reflect" })],
    ["cropping more than there is", "SHAPE_MISMATCH", (x) => ops.pad(x, [-4, -3])],
    ["pads without a partner", "OPTION_INVALID", (x) => ops.pad(x, [1])],
    ["neither scales nor sizes", "INPUT_COUNT", (x) => resize(x)],
    ["both scales and sizes", "INPUT_COUNT", (x) => resize(x, [1, 1, 2, 2], [1, 4, 12, 12])],
    ["scales of another rank", "SHAPE_MISMATCH", (x) => resize(x, [2, 2])],
    ["resizing to nothing", "SHAPE_MISMATCH", (x) => resize(x, [1, 1, 0.1, 1])],
    ["unknown resize modes", "ATTRIBUTE_INVALID", (x) => resize(x, [1, 1, 2, 2], undefined, { mode: "lanczos" })],
    ["unknown rounding", "ATTRIBUTE_INVALID", (x) => resize(x, [1, 1, 2, 2], undefined, { nearest_mode: "up" })],
    ["both size and scaleFactor", "OPTION_INVALID", (x) => ops.interpolate(x, { size: 3, scaleFactor: 2 })],
    ["alignCorners of nearest", "OPTION_INVALID", (x) => ops.interpolate(x, { size: 3, alignCorners: true })],
    ["blocks that do not divide channels", "SHAPE_MISMATCH", (x) => ops.pixelShuffle(x, 3)],
    ["blocks that do not divide planes", "SHAPE_MISMATCH", (x) => x.graph.emit("SpaceToDepth", [x], { blocksize: 4 })],
    ["blocks of 0", "ATTRIBUTE_INVALID", (x) => x.graph.emit("SpaceToDepth", [x], { blocksize: 0 })],
    [
      "unknown orders of depth",
      "ATTRIBUTE_INVALID",
      (x) => x.graph.emit("DepthToSpace", [x], { blocksize: 2, mode: "RCD" }),
    ],
  ])("%s: %s", (_, code, action) => expect(codeOf(() => action(image()))).toBe(code));

  it("gradients through tf_crop_and_resize, but not its result", () => {
    const x = image([1, 1, 4, 4]);
    const roi = x.graph.constant("float32", [8], [0, 0, 0, 0, 1, 1, 0.5, 1]);
    const scales = x.graph.constant("float32", [4], [1, 1, 2, 1]);
    const attributes = { mode: "linear", coordinate_transformation_mode: "tf_crop_and_resize" };
    const y = x.graph.emit("Resize", [x, roi, scales], attributes)[0]!;
    expect(y.shape).toEqual([1, 1, 4, 4]);
    expect(codeOf(() => gradients(ops.reduceSum(y), [x]))).toBe("NO_GRADIENT");
  });
});

describe("max pooling", () => {
  it.each([3, 5])("loses no gradient of overlapping windows of %i on several threads", async (kernel) => {
    const x = image([2, 8, 24, 24]);
    const [dx] = gradients(ops.reduceSum(ops.maxPool2d(x, kernel, { stride: 1 })), [x]);
    x.graph.output("dx", dx!);
    const session = await backend.createSession(toOnnx(x.graph), { threads: 4 });
    // Few peaks, so that many windows add to the same element.
    const values = Float32Array.from({ length: 2 * 8 * 24 * 24 }, (_, i) => (i % 7 === 0 ? 1 : (i * 31) % 97) / 97);
    const run = async () => (await session.run({ x: backend.tensor("float32", values, x.shape) })).dx!.data;
    const first = Array.from((await run()) as Float32Array);
    expect(first.reduce((a, b) => a + b, 0)).toBe(2 * 8 * (25 - kernel) ** 2);
    for (let i = 0; i < 3; i++) expectClose(Array.from((await run()) as Float32Array), first, 0, "dx");
    await session.release();
  });

  it.each([Number.NaN, Number.NEGATIVE_INFINITY])("survives planes of %f, padding included", async (value) => {
    const x = image([1, 1, 4, 4]);
    const [dx] = gradients(ops.reduceSum(ops.maxPool2d(x, 3, { stride: 2, padding: 1 })), [x]);
    x.graph.output("dx", dx!);
    const { dx: result } = await runGraph(x.graph, { x: new Float32Array(16).fill(value) });
    expect(result!.data.reduce((a, b) => a + b, 0)).toBe(4);
  });
});

it("padding that crops one side and fills the other has exact gradients", async () => {
  const x = createGraph().input("x", "float64", [2, 3]);
  const y = ops.pad(x, [2, -1], { value: 5 });
  const [dx] = gradients(ops.reduceSum(ops.mul(y, y)), [x]);
  x.graph.output("y", y);
  x.graph.output("dx", dx!);
  const results = await runGraph(x.graph, { x: Float64Array.of(1, 2, 3, 4, 5, 6) });
  expectClose(results.y!.data, [5, 5, 1, 2, 5, 5, 4, 5], 0, "y");
  expectClose(results.dx!.data, [2, 4, 0, 8, 10, 0], 0, "dx");
});
