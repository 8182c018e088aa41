import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createGraph, ops, toOnnx } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { describe, expect, it } from "vitest";
import { openNetwork } from "../../src/imported/network.js";
import { onnxModelOptions } from "../../src/imported/options.js";
import { toOnnxModel } from "../../src/models/inference.js";
import { declareTensors, initialize, type Model, parameterCount } from "../../src/models/model.js";
import { Classifier } from "../../src/teachers/classifier.js";
import { temporaryFolder } from "../runs/harness.js";
import { numbers, writeNetwork } from "./files.js";

const GRAY = { channels: 1, height: 6, width: 6 };
const images = numbers(4 * 36).map((value) => value + 0.5);
const folder = temporaryFolder();
const onnx = writeNetwork(folder);

const open = (options: object, file = onnx) => openNetwork(onnxModelOptions.parse({ onnx: file, ...options }), GRAY);

async function answers(model: Model, values = initialize(model, 1)): Promise<Float32Array> {
  const classifier = await Classifier.load(toOnnxModel(model, GRAY, values), GRAY, 1);
  const logits = await classifier.logits(images, 4);
  await classifier.release();
  return logits;
}

/** What the file itself answers. */
async function original(file: string): Promise<Float32Array> {
  const session = await nodeBackend.createSession(readFileSync(file), {});
  const result = await session.run({ pixels: nodeBackend.tensor("float32", images, [4, 1, 6, 6]) }, ["answers"]);
  await session.release();
  return result.answers!.data as Float32Array;
}

const near = (values: Float32Array, expected: Float32Array) => {
  expect(values).toHaveLength(expected.length);
  for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i]!, 5);
};

const named = (count: number) => Array.from({ length: count }, (_, i) => `class ${i}`);
const names = ({ parameters }: Model) => parameters.map(({ name }) => name);

describe("a network of a file that keeps its head", () => {
  it("answers as the file does, with its numbers as parameters", async () => {
    const model = (await open({ head: "own" })).model(named(5));
    near(await answers(model), await original(onnx));
    expect(names(model)).toEqual([
      "conv1.weight",
      "conv1.bias",
      "bn1.weight",
      "bn1.bias",
      "conv2.weight",
      "fc.weight",
      "fc.bias",
    ]);
    expect(parameterCount(model)).toBe(27 + 3 + 6 + 108 + 20 + 5);
  });

  it("answers with logits where the file has probabilities, for the classes that are asked for", async () => {
    const softened = writeNetwork(folder, { softmax: true });
    const model = (await open({ head: "own", classes: [3, 0] }, softened)).model(named(2));
    const whole = await original(onnx);
    near(await answers(model), Float32Array.from([0, 1, 2, 3].flatMap((i) => [whole[5 * i + 3]!, whole[5 * i]!])));
  });

  it("has as many classes as the run", async () => {
    const network = await open({ head: "own" });
    expect(() => network.model(named(4))).toThrow(expect.objectContaining({ code: "TEACHER_MISMATCH" }));
  });
});

describe("a network of a file with a new head", () => {
  it("is cut in front of the last linear layer, and starts from the file's numbers and the seed's", async () => {
    const model = (await open({ trainable: ["conv2.*"] })).model(named(2));
    expect(names(model)).toEqual(["conv2.weight", "head.weight", "head.bias"]);
    expect(model.parameters.map(({ shape }) => shape)).toEqual([[4, 3, 3, 3], [2, 4], [2]]);
    expect(model.builtIn).toBe(27 + 3 + 6);
    const [one, other] = [initialize(model, 1), initialize(model, 2)];
    expect(one["conv2.weight"]).toEqual(numbers(108, 4));
    expect(other["conv2.weight"]).toEqual(one["conv2.weight"]);
    expect(other["head.weight"]).not.toEqual(one["head.weight"]);
    expect(Math.max(...one["head.weight"]!.map(Math.abs))).toBeLessThan(0.5);
  });

  it("answers as the file does once its head has the file's numbers", async () => {
    const model = (await open({ trainable: ["head.*"] })).model(named(5));
    const values = { "head.weight": numbers(20, 1), "head.bias": numbers(5, 1) };
    near(await answers(model, values), await original(onnx));
  });

  it("averages maps over their places", async () => {
    const auto = (await open({ trainable: [] })).model(named(5));
    const atMaps = (await open({ trainable: [], cut: "map?" })).model(named(5));
    near(await answers(atMaps), await answers(auto));
  });

  it("stands in a graph as often as it is asked to, its frozen numbers once", async () => {
    const model = (await open({ trainable: [] })).model(named(2));
    const graph = createGraph();
    const weights = declareTensors(model, graph);
    const frozen = () => graph.constants.filter(({ name }) => /weight|running/.test(name)).length;
    model.forward(graph.input("a", "float32", [2, 1, 6, 6]), weights, true);
    const before = frozen();
    const { taps } = model.forward(graph.input("b", "float32", [3, 1, 6, 6]), weights, true);
    expect(frozen()).toBe(before);
    expect(taps.maps!.shape).toEqual([3, 4, 6, 6]);
  });

  it("has another name where the file's weights are called head", async () => {
    const graph = createGraph();
    const x = graph.input("pixels", "float32", [1, 1, 6, 6]);
    const weight = graph.constant("float32", [4, 36], numbers(144), "head.weight");
    const last = graph.constant("float32", [3, 4], numbers(12), "last.weight");
    graph.output("answers", ops.linear(ops.relu(ops.linear(ops.flatten(x), weight)), last));
    const path = join(folder, "head.onnx");
    writeFileSync(path, toOnnx(graph, { symbols: { pixels: { 0: "n" }, answers: { 0: "n" } } }));
    const model = (await open({ layout: "nchw" }, path)).model(named(2));
    expect(names(model)).toEqual(["head.weight", "new_head.weight", "new_head.bias"]);
    const frozen = (await open({ layout: "nchw", trainable: [] }, path)).model(named(2));
    expect(names(frozen)).toEqual(["head.weight", "head.bias"]);
    expect(await answers(frozen)).toHaveLength(8);
  });
});

describe("what cannot be trained is told", () => {
  it.each([
    [{ trainable: ["conv3.*"] }, "trainable", /no weight fits "conv3\.\*"; did you mean "conv1\.\*"/],
    [{ trainable: ["head.wieght"] }, "trainable", /did you mean "head\.weight"/],
    [{ trainable: ["bn1.running_mean"] }, "trainable", /no weight fits "bn1\.running_mean"/],
    [{ cut: "poled" }, "cut", /no value "poled" .*did you mean "pooled"/],
    [{ cut: "*" }, "cut", /"\*" fits \d+ values/],
  ])("%j", async (options, where, message) => {
    await expect(open(options)).rejects.toMatchObject({
      code: "MODEL_MISMATCH",
      where,
      message: expect.stringMatching(message),
      fix: expect.any(String),
    });
  });

  it("a file that answers one image at a time", async () => {
    const graph = createGraph();
    const x = graph.input("pixels", "float32", [1, 1, 6, 6]);
    const row = graph.constant("float32", [1, 1, 6], numbers(6), "token");
    const rows = ops.concat([row, ops.reshape(x, [1, 6, 6])], 1);
    const weight = graph.constant("float32", [3, 7], numbers(21), "fc.weight");
    graph.output("answers", ops.linear(ops.reduceMean(rows, { axes: [2] }), weight));
    const path = join(folder, "single.onnx");
    writeFileSync(path, toOnnx(graph));
    const opened = open({ head: "own" }, path);
    await expect(opened).rejects.toMatchObject({
      code: "MODEL_MISMATCH",
      message: expect.stringMatching(/one image at a time|cannot be trained/),
    });
  });

  it.each([
    [{ head: "own", cut: "maps" }, /leave cut out/],
    [{ head: "own", trainable: [] }, /nothing would be trained/],
    [{ classes: [0, 1] }, /use head: own/],
  ])("options that contradict each other: %j", (options, message) => {
    const { error } = onnxModelOptions.safeParse({ onnx: "a.onnx", ...options });
    expect(error!.issues[0]!.message).toMatch(message);
  });
});
