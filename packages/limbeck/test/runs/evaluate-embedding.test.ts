import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createGraph, ops, toOnnx } from "@limbeck/graph";
import {
  type EmbeddingEvaluation,
  type EvaluationEvent,
  evaluateEmbeddings,
  evaluateModels,
  type ModelToEvaluate,
} from "limbeck";
import { beforeAll, describe, expect, it } from "vitest";
import { kindsOf } from "../../src/runs/kinds.js";
import { npyOf } from "../data/numpy.js";
import { patternModel, patternSamples, writeModel } from "../evaluate/models.js";
import { limbeck, temporaryFolder } from "./harness.js";

const data = patternSamples(120);
const { labels: _, classes: __, ...bare } = data;
const good = { onnx: patternModel(), name: "good" };
const same = { ...good, name: "same" };
const blunt = { onnx: patternModel({ blunt: 1.2 }), name: "blunt" };
/** Zeros in front change no cosine. */
const wide = { onnx: patternModel({ before: 2 }), name: "wide" };
const quick = { data, resamples: 50, threads: 1, batch: 4 };
const bareQuick = { ...quick, data: bare, skip: ["cost", "robustness"] as const };

describe("evaluateEmbeddings", () => {
  let evaluation: EmbeddingEvaluation;
  const events: EvaluationEvent[] = [];
  beforeAll(async () => {
    const models = [good, same, blunt, wide];
    evaluation = await evaluateEmbeddings({ ...quick, models, onEvent: (event) => events.push(event) });
  });

  it("says what was asked, with what, and by what", () => {
    expect(evaluation).toMatchObject({
      format: 1,
      task: "embedding",
      reference: "good",
      data: { source: "patterns", kind: "image", samples: 120, classes: ["a", "b", "c", "d"] },
      retrieval: { samples: 120, chance1: 1 / 119 },
    });
    expect(evaluation.models.map(({ dimensions }) => dimensions)).toEqual([4, 4, 4, 6]);
    expect(JSON.parse(JSON.stringify(evaluation))).toEqual(evaluation);
    const [start] = events;
    expect(start!.type === "evaluation-start" && start!.phases).toHaveLength(1 + 4 + 1 + 1 + 4);
  });

  it("finds a copy to be one", () => {
    const [first, second] = evaluation.models;
    expect(first!.comparison).toBeNull();
    const { cosine, squaredError, relativeError, recall1, recall10, moved } = second!.comparison!;
    expect(cosine!.value).toBeCloseTo(1, 6);
    for (const error of [squaredError, relativeError]) expect(error).toEqual({ value: 0, low: 0, high: 0 });
    for (const recall of [recall1, recall10]) expect(recall).toEqual({ value: 1, low: 1, high: 1 });
    expect(moved.samples).toEqual([]);
    expect(second!.neighbors!.difference).toEqual({ value: 0, low: 0, high: 0 });
  });

  it("tells how far another is, and what moved most", () => {
    const { cosine, relativeError, recall10, moved } = evaluation.models[2]!.comparison!;
    expect(cosine!.value).toBeLessThan(0.99);
    expect(cosine!.low).toBeLessThan(cosine!.value);
    expect(cosine!.high).toBeGreaterThan(cosine!.value);
    expect(relativeError!.value).toBeGreaterThan(0);
    expect(recall10!.value).toBeLessThan(1);
    expect(moved.by).toBe("cosine");
    const values = moved.samples.map(({ value }) => value);
    expect(values).toEqual([...values].sort((a, b) => a - b));
    expect(values).toHaveLength(24);
    for (const { index, label, nearest, reference } of moved.samples) {
      expect(label).toBe(data.labels[index]);
      for (const other of [nearest, reference.nearest]) expect(other).not.toBe(index);
    }
  });

  it("compares other widths by neighbors, where there is no cosine", () => {
    const { comparison, neighbors, robustness } = evaluation.models[3]!;
    expect(comparison).toMatchObject({ cosine: null, squaredError: null, relativeError: null });
    expect(comparison!.recall10!.value).toBe(1);
    expect(comparison!.moved).toEqual({ by: "recall10", samples: [] });
    expect(neighbors!.accuracy).toEqual(evaluation.models[0]!.neighbors!.accuracy);
    expect(robustness).toMatchObject({ clean: null, mean: null });
    expect(robustness!.kept).toBeCloseTo(evaluation.models[0]!.robustness!.kept, 6);
  });

  it("asks the nearest others for a sample's class", () => {
    const [first, , third] = evaluation.models.map(({ neighbors }) => neighbors!);
    expect(first).toMatchObject({ samples: 120, voters: 20, difference: null });
    expect(first!.accuracy.value).toBeGreaterThan(0.6);
    expect(first!.accuracy.value).toBe(1 - first!.errors / 120);
    expect(third!.difference!.value).toBeCloseTo(third!.accuracy.value - first!.accuracy.value, 9);
    expect(third!.difference!.high).toBeGreaterThan(third!.difference!.value);
  });

  it("changes images as little as it says, and tells both cosines", () => {
    const [reference, copy, third] = evaluation.models.map(({ robustness }) => robustness!);
    expect(reference).toMatchObject({ samples: 120, clean: null, mean: null });
    expect(copy!.mean).toBeCloseTo(1, 6);
    expect(third!.clean).toBeCloseTo(evaluation.models[2]!.comparison!.cosine!.value, 9);
    expect(third!.changes.map(({ name }) => name)).toEqual(["noise", "blur", "shift", "brightness", "contrast"]);
    const noise = reference!.changes[0]!.severities.map(({ kept }) => kept);
    expect(noise).toEqual([...noise].sort((a, b) => b - a));
    const all = third!.changes.flatMap(({ severities }) => severities.map(({ cosine }) => cosine!));
    expect(third!.mean).toBeCloseTo(all.reduce((a, b) => a + b) / 15, 12);
  });

  it("counts what a model costs", () => {
    const { cost } = evaluation.models[0]!;
    expect(cost).toMatchObject({ macs: 144, latency: [{ threads: 1 }], throughput: [{ threads: 1, batch: 4 }] });
    expect(cost!.peakMemoryBytes).toBeGreaterThan(20e6);
  });

  it("needs no classes", async () => {
    const found = await evaluateEmbeddings({ ...bareQuick, models: [good, blunt] });
    expect(found.data.classes).toEqual([]);
    const [first, second] = found.models;
    expect([first!.neighbors, second!.neighbors, second!.robustness]).toEqual([null, null, null]);
    expect(second!.comparison!.cosine).toEqual(evaluation.models[2]!.comparison!.cosine);
    expect(second!.comparison!.moved.samples[0]!.label).toBeNull();
  });
});

/** Maps of which the mean is the embedding, and a classifier behind them. */
function mapsModel(): string {
  const graph = createGraph();
  const x = graph.input("x", "float32", [1, 1, 6, 6]);
  const numbers = Float32Array.from({ length: 5 * 9 }, (_, i) => Math.sin(i));
  const maps = ops.relu(ops.conv(x, graph.constant("float32", [5, 1, 3, 3], numbers)));
  const pooled = ops.flatten(ops.globalAveragePool(maps));
  const head = Float32Array.from({ length: 5 * 300 }, (_, i) => Math.cos(i));
  graph.output("classes", ops.matmul(pooled, graph.constant("float32", [5, 300], head)));
  graph.output("pooled", pooled);
  graph.rename(maps, "maps");
  return writeModel(toOnnx(graph, { symbols: { x: { 0: "batch" }, classes: { 0: "batch" }, pooled: { 0: "batch" } } }));
}

describe("a value in between", () => {
  it("is an embedding like any other, maps as their mean; what lies behind costs nothing", async () => {
    const onnx = mapsModel();
    const models = [
      { onnx, name: "pooled", output: "pooled" },
      { onnx, name: "maps", output: "maps" },
      { onnx, name: "whole" },
    ];
    const { models: found } = await evaluateEmbeddings({ ...bareQuick, skip: ["robustness"], models });
    expect(found.map(({ dimensions }) => dimensions)).toEqual([5, 5, 300]);
    expect(found[1]!.comparison!.cosine!.value).toBeCloseTo(1, 6);
    expect(found[1]!.cost!.parameters).toBe(45);
    expect(found[2]!.cost!.parameters).toBe(45 + 1500);
    expect(found[1]!.sha256).toBe(found[2]!.sha256);
  });
});

describe("the task", () => {
  const folder = temporaryFolder();
  const models = [`good=${good.onnx}`, `blunt=${blunt.onnx}`];
  const write = (changes: object) => {
    const path = join(folder, "models.yaml");
    writeFileSync(join(folder, "x.npy"), npyOf([120, 6, 6], data.pixels));
    writeFileSync(join(folder, "y.npy"), npyOf([120], data.labels));
    const source = { images: "x.npy", labels: "y.npy" };
    writeFileSync(path, JSON.stringify({ data: { source, test: 100 }, ...changes }));
    return path;
  };

  it.each([
    ["an evaluation file", { task: "embedding" }, []],
    ["an option", {}, ["--task", "embedding"]],
  ])("is told by %s; classes that the data have are looked at", async (_, changes, options) => {
    const args = ["evaluate", write(changes), ...models, "--threads", "1", "--skip", "cost,robustness", ...options];
    const { code, stdout } = await limbeck(args);
    expect(code, stdout).toBe(0);
    expect(stdout).toMatch(/100 images of x\.npy, 4 classes/);
    expect(stdout).toMatch(/^Cosine +0\.\d{4} \[0\.\d{3}, 0\.\d{3}\]$/m);
    expect(stdout).toMatch(/^k-NN accuracy \(100\) +\d+\.\d+% \[/m);
    expect(stdout).toContain("Its neighbors tell the class");
  });

  it("is one that there is", async () => {
    const { code, stdout } = await limbeck(["evaluate", write({}), ...models, "--task", "embed", "--json"]);
    expect(code).toBe(2);
    expect(JSON.parse(stdout).error.message).toContain("image-classification or embedding");
  });
});

describe("what cannot be compared", () => {
  const strange = () => {
    const graph = createGraph();
    graph.output("y", ops.reshape(graph.input("x", "float32", [1, 1, 6, 6]), [-1, 4, 9]));
    return writeModel(toOnnx(graph, { symbols: { x: { 0: "batch" }, y: { 0: "batch" } } }));
  };
  const bad: readonly (readonly [string, ModelToEvaluate, RegExp])[] = [
    ["places of classes", { ...good, classes: [0, 1] }, /classes is for classifiers/],
    ["tokens", strange(), /an embedding is a vector \[N, D\], or maps .* answers with float32 \[\d, 4, 9\]/],
    ["a value that there is not", { ...good, output: "z" }, /has no output "z"/],
  ];
  it.each(bad)("%s", async (_, model, message) => {
    const error = { code: "MODEL_MISMATCH", message: expect.stringMatching(message) };
    await expect(evaluateEmbeddings({ ...bareQuick, models: [model] })).rejects.toMatchObject(error);
  });

  it("an embedding as classes, but how it can be is told", async () => {
    const error = { code: "MODEL_MISMATCH", fix: expect.stringContaining("--task embedding") };
    await expect(evaluateModels({ ...quick, models: [wide] })).rejects.toMatchObject(error);
  });
});

it("classes are known by the folders that all files lie in", () => {
  const root = join(temporaryFolder(), "photos");
  mkdirSync(root);
  const dataset = { ...data, name: root, classes: [], labels: new Uint8Array(3) };
  const paths = (...names: readonly string[]) => names.map((name) => join(root, name));
  const found = kindsOf({ ...dataset, paths: paths("hat/1.png", "cap/old/1.png", "hat/2.png") });
  expect(found).toEqual({ classes: ["cap", "hat"], labels: Uint8Array.of(1, 0, 1) });
  expect(kindsOf({ ...dataset, paths: paths("hat/1.png", "1.png", "cap/2.png") })).toBeUndefined();
  expect(kindsOf({ ...dataset, paths: paths("hat/1.png", "hat/2.png") })).toBeUndefined();
});
