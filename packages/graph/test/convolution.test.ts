import { describe, expect, it } from "vitest";
import {
  type Attributes,
  createGraph,
  type DType,
  type Graph,
  GraphError,
  gradients,
  ops,
  printGraph,
  type Tensor,
} from "../src/index.js";
import { runGraph } from "./harness.js";

interface Setup {
  readonly x: readonly number[];
  readonly weight: readonly number[];
  readonly bias?: readonly number[];
  readonly dtype?: DType;
}

function declare({ x, weight, bias, dtype = "float32" }: Setup): { graph: Graph; inputs: Tensor[] } {
  const graph = createGraph();
  const inputs = [graph.input("x", dtype, x), graph.input("weight", dtype, weight)];
  if (bias) inputs.push(graph.input("bias", dtype, bias));
  return { graph, inputs };
}

/** Operators that the gradient of a convolution's sum emits, without the forward part. */
function gradientOps(op: string, setup: Setup, attributes: Attributes, wanted: "x" | "weight"): string[] {
  const { graph, inputs } = declare(setup);
  const y = graph.emit(op, inputs, attributes)[0]!;
  const loss = ops.reduceSum(y);
  const before = graph.nodes.length;
  gradients(loss, [inputs[wanted === "x" ? 0 : 1]!]);
  return graph.nodes.slice(before).map((node) => node.op);
}

function codeOf(op: string, setup: Setup, attributes: Attributes = {}): string {
  const { graph, inputs } = declare(setup);
  try {
    graph.emit(op, inputs, attributes);
  } catch (error) {
    if (error instanceof GraphError) return error.code;
    throw error;
  }
  return "none";
}

describe("lowerings", () => {
  const plain = { x: [2, 4, 8, 8], weight: [4, 4, 3, 3] };
  const point = { x: [2, 4, 8, 8], weight: [4, 4, 1, 1] };

  it("turns filters around for stride 1 and transposes for others", () => {
    expect(gradientOps("Conv", plain, {}, "x")).toContain("Conv");
    expect(gradientOps("Conv", plain, {}, "x")).not.toContain("ConvTranspose");
    expect(gradientOps("Conv", plain, { strides: [2, 2] }, "x")).toContain("ConvTranspose");
    expect(gradientOps("Conv", point, { pads: [1, 1, 1, 1] }, "x")).toContain("ConvTranspose");
    expect(gradientOps("ConvTranspose", plain, { strides: [2, 2] }, "x")).not.toContain("ConvTranspose");
  });

  it("multiplies 1×1 convolutions without copying the image", () => {
    expect(gradientOps("Conv", point, {}, "weight")).not.toContain("Conv");
    expect(gradientOps("Conv", point, {}, "weight")).toContain("MatMul");
    expect(gradientOps("Conv", plain, {}, "weight")).toContain("Conv");
  });

  it("needs no product of matrices for depthwise filters, and one for many filters over few positions", () => {
    const depthwise = { x: [2, 4, 8, 8], weight: [4, 1, 3, 3] };
    expect(gradientOps("Conv", depthwise, { group: 4 }, "weight")).not.toContain("MatMul");
    expect(gradientOps("Conv", { x: [2, 4, 3, 3], weight: [4, 4, 3, 3] }, {}, "weight")).toContain("Gemm");
  });

  it("shares one-hot filters between convolutions of the same kind", () => {
    const graph = createGraph();
    const x = graph.input("x", "float32", [2, 4, 8, 8]);
    const weights = ["a", "b"].map((name) => graph.parameter(name, "float32", [4, 4, 3, 3]));
    const y = weights.reduce((value, weight) => ops.conv(value, weight, undefined, { padding: 1 }), x);
    gradients(ops.reduceSum(y), weights);
    expect(graph.constants.filter((constant) => constant.shape.length === 4)).toHaveLength(1);
  });
});

it("prints a convolution with what differs from the defaults", () => {
  const { graph, inputs } = declare({ x: [1, 2, 5, 5], weight: [2, 1, 3, 2] });
  graph.output("y", ops.conv(inputs[0]!, inputs[1]!, undefined, { stride: [1, 2], padding: "valid", groups: 2 }));
  expect(printGraph(graph)).toContain("conv_1: float32[1,2,3,2] = Conv(x, weight; strides=[1,2], group=2)");
});

it("has gradients of gradients", async () => {
  const { graph, inputs } = declare({ x: [2, 2, 5, 4], weight: [3, 2, 3, 2] });
  const [x, weight] = inputs as [Tensor, Tensor];
  const y = ops.conv(x, weight, undefined, { stride: [2, 1], padding: 1 });
  const [dx] = gradients(ops.reduceSum(ops.mul(y, y)), [x]);
  const penalty = ops.reduceSum(ops.mul(dx!, dx!));
  graph.output("penalty", penalty);
  graph.output("slope", gradients(penalty, [weight])[0]!);
  const numbers = (length: number, phase: number) => Float32Array.from({ length }, (_, i) => Math.sin(i + phase) / 3);
  const [image, filters, direction] = [numbers(80, 1), numbers(36, 2), numbers(36, 3)];
  const at = (step: number) => runGraph(graph, { x: image, weight: filters.map((v, i) => v + step * direction[i]!) });
  const [here, ahead, behind] = [await at(0), await at(0.01), await at(-0.01)];
  const numeric = (ahead.penalty!.data[0]! - behind.penalty!.data[0]!) / 0.02;
  const exact = here.slope!.data.reduce((sum, slope, i) => sum + slope * direction[i]!, 0);
  expect(Math.abs(numeric / exact - 1)).toBeLessThan(1e-2);
});

describe("errors", () => {
  const good = { x: [1, 4, 5, 5], weight: [4, 4, 3, 3] };

  it.each<[string, Setup, Attributes, string]>([
    ["rank of the input", { x: [4, 4], weight: [4, 4] }, {}, "SHAPE_MISMATCH"],
    ["rank of the weight", { x: [1, 4, 5, 5], weight: [4, 4, 3] }, {}, "SHAPE_MISMATCH"],
    ["channels", { x: [1, 3, 5, 5], weight: [4, 4, 3, 3] }, {}, "SHAPE_MISMATCH"],
    ["groups of input channels", good, { group: 2 }, "SHAPE_MISMATCH"],
    ["groups of output channels", { x: [1, 4, 5, 5], weight: [3, 2, 3, 3] }, { group: 2 }, "SHAPE_MISMATCH"],
    ["group 0", good, { group: 0 }, "ATTRIBUTE_INVALID"],
    ["bias", { ...good, bias: [3] }, {}, "SHAPE_MISMATCH"],
    ["empty batch", { x: [0, 4, 5, 5], weight: [4, 4, 3, 3] }, {}, "SHAPE_MISMATCH"],
    ["element type", { ...good, dtype: "int32" }, {}, "DTYPE_MISMATCH"],
    ["kernel_shape", good, { kernel_shape: [3, 2] }, "ATTRIBUTE_INVALID"],
    ["strides", good, { strides: [0, 1] }, "ATTRIBUTE_INVALID"],
    ["number of pads", good, { pads: [1, 1] }, "ATTRIBUTE_INVALID"],
    ["auto_pad", good, { auto_pad: "SAME" }, "ATTRIBUTE_INVALID"],
    ["SAME with dilations", good, { auto_pad: "SAME_UPPER", dilations: [2, 2] }, "ATTRIBUTE_INVALID"],
    ["kernel larger than the image", { x: [1, 4, 2, 5], weight: [4, 4, 3, 3] }, {}, "SHAPE_MISMATCH"],
  ])("Conv: %s", (_, setup, attributes, code) => {
    expect(codeOf("Conv", setup, attributes)).toBe(code);
  });

  it.each<[string, Setup, Attributes, string]>([
    ["channels", { x: [1, 3, 5, 5], weight: [4, 4, 3, 3] }, {}, "SHAPE_MISMATCH"],
    ["groups", { x: [1, 4, 5, 5], weight: [4, 2, 3, 3] }, { group: 3 }, "SHAPE_MISMATCH"],
    ["bias of groups", { ...good, bias: [4] }, { group: 2 }, "SHAPE_MISMATCH"],
    ["empty axis", { x: [1, 4, 0, 5], weight: [4, 4, 3, 3] }, {}, "SHAPE_MISMATCH"],
    ["output_padding of the stride", good, { output_padding: [1, 0] }, "SHAPE_MISMATCH"],
    ["output_shape too large", good, { strides: [2, 2], output_shape: [13, 12] }, "SHAPE_MISMATCH"],
    ["length of output_shape", good, { output_shape: [7] }, "ATTRIBUTE_INVALID"],
    ["pads that leave nothing", good, { pads: [4, 0, 4, 0] }, "SHAPE_MISMATCH"],
    ["auto_pad", good, { auto_pad: "SAME" }, "ATTRIBUTE_INVALID"],
    ["dilations", good, { dilations: [1.5, 1] }, "ATTRIBUTE_INVALID"],
  ])("ConvTranspose: %s", (_, setup, attributes, code) => {
    expect(codeOf("ConvTranspose", setup, attributes)).toBe(code);
  });

  it("conv: options", () => {
    const { inputs } = declare(good);
    const [x, weight] = inputs as [Tensor, Tensor];
    const invalid = expect.objectContaining({ code: "OPTION_INVALID" });
    expect(() => ops.conv(x, weight, undefined, { stride: [1, 1, 1] })).toThrow(invalid);
    expect(() => ops.conv(x, weight, undefined, { stride: 2, padding: "same" })).toThrow(invalid);
    expect(() => ops.convTranspose(x, weight, undefined, { outputPadding: [1] })).toThrow(invalid);
  });
});
