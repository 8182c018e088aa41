import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { nodeBackend } from "@limbeck/graph/node";
import { distill, type LimbeckError, type RunEvent, readRecipe } from "limbeck";
import { beforeAll, describe, expect, it } from "vitest";
import { readSafetensors } from "../../src/support/safetensors.js";
import { type CommandResult, FINAL_FILES, fingerprint, limbeck, prepareRun } from "./harness.js";

describe("a run from the command line", () => {
  const { recipe, runDir } = prepareRun();
  let result: CommandResult;
  beforeAll(async () => {
    result = await limbeck(["run", recipe, "--out", runDir, "--json"]);
  });

  it("prints exactly one JSON document on stdout, and progress on stderr", () => {
    expect(result.code, result.stderr).toBe(0);
    const document = JSON.parse(result.stdout);
    expect(document).toMatchObject({ status: "done", runDir });
    for (const [model, seeds] of [
      ["teacher", 1],
      ["student", 2],
      ["baseline", 2],
    ] as const) {
      const measured = document.results[model];
      expect(measured.errors, model).toHaveLength(seeds);
      expect(measured.accuracy.mean).toBeCloseTo(
        1 - measured.errors.reduce((a: number, b: number) => a + b) / seeds / 80,
        10,
      );
      for (const figure of ["parameters", "bytes", "latencyMs", "peakMemoryBytes"])
        expect(measured[figure]).toBeGreaterThan(0);
    }
    expect(document.verdict).toMatchObject({
      helped: expect.any(Boolean),
      difference: expect.any(Number),
      significant: expect.any(Boolean),
    });
    expect(result.stderr).toContain("done  teacher");
  });

  it("leaves recipe, run file, metrics, checkpoints, models and report", () => {
    for (const file of [...FINAL_FILES, "recipe.yaml", "run.json", "metrics.jsonl", "report.html"]) {
      expect(existsSync(join(runDir, file)), file).toBe(true);
    }
    expect(JSON.parse(readFileSync(join(runDir, "run.json"), "utf8"))).toMatchObject({ status: "done", name: "small" });
    expect(existsSync(join(runDir, ".lock"))).toBe(false);
  });

  it("names parameters as PyTorch does", () => {
    const { tensors } = readSafetensors(join(runDir, "checkpoints/student/seed-2.safetensors"));
    const shapes = Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape]));
    expect(shapes).toEqual({ "fc1.weight": [8, 36], "fc1.bias": [8], "fc2.weight": [4, 8], "fc2.bias": [4] });
  });

  it("exports a student for any batch", async () => {
    const session = await nodeBackend.createSession(readFileSync(join(runDir, "student.onnx")));
    for (const batch of [1, 7]) {
      const images = nodeBackend.tensor("float32", new Float32Array(batch * 36), [batch, 1, 6, 6]);
      expect((await session.run({ images })).logits!.dims).toEqual([batch, 4]);
    }
  });

  it("makes the same models again from the same recipe", async () => {
    const again = prepareRun();
    expect((await limbeck(["run", again.recipe, "--out", again.runDir, "--json"])).code).toBe(0);
    expect(fingerprint(again.runDir, FINAL_FILES)).toEqual(fingerprint(runDir, FINAL_FILES));
  });

  it("shows a table and a verdict to people", async () => {
    const again = await limbeck(["resume", runDir]);
    expect(again.code).toBe(0);
    expect(again.stdout).toContain("kept from before");
    expect(again.stdout).toMatch(/test errors of 80 +\d+ +\d+\.\d ± \d+\.\d +\d+\.\d ± \d+\.\d/);
    expect(again.stdout).toMatch(/Distillation (helped|did not help|made no difference)|No clear difference/);
  });
});

describe("the library", () => {
  it("yields typed events and resolves in one line", async () => {
    const { recipe, runDir } = prepareRun({ seeds: 1, baseline: false });
    const events: RunEvent[] = [];
    for await (const event of distill(readRecipe(recipe), { runDir })) events.push(event);
    const types = new Set(events.map(({ type }) => type));
    expect([...types].sort()).toEqual([
      "epoch",
      "label-plan",
      "phase-end",
      "phase-start",
      "progress",
      "results",
      "run-end",
      "run-start",
    ]);
    const epochs = events.filter((event) => event.type === "epoch" && event.phase === "student/seed-2");
    expect(epochs).toHaveLength(30);
    expect(epochs[0]).toMatchObject({
      epoch: 1,
      losses: { loss: expect.any(Number), kd: expect.any(Number), "cross-entropy": expect.any(Number) },
    });
    const results = events.find((event) => event.type === "results");
    expect(results).toMatchObject({ results: { baseline: null, verdict: null } });
  });

  it("stops the run when its events are no longer read", async () => {
    const { recipe, runDir } = prepareRun();
    for await (const event of distill(readRecipe(recipe), { runDir })) if (event.type === "progress") break;
    for (let waited = 0; existsSync(join(runDir, ".lock")) && waited < 200; waited++)
      await new Promise((go) => setTimeout(go, 50));
    expect(JSON.parse(readFileSync(join(runDir, "run.json"), "utf8")).status).toBe("interrupted");
  });

  it("distills augmented images from a teacher that sees the same view", async () => {
    const train = { epochs: 3, batchSize: 16, augment: [{ name: "jitter", pixels: 1 }] };
    const { recipe, runDir } = prepareRun({ seeds: 1, student: { model: { family: "mlp", hidden: [8] }, train } });
    for await (const _ of distill(readRecipe(recipe), { runDir }));
    expect(existsSync(join(runDir, "student.onnx"))).toBe(true);
  });

  it("trains variants and corrects the biases of classes that the transfer set lacks", async () => {
    const variants = [{ name: "no-threes", transfer: { without: [3] }, baseline: false, correctBiases: true }];
    const { recipe, runDir } = prepareRun({ variants });
    const events: RunEvent[] = [];
    for await (const event of distill(readRecipe(recipe), { runDir })) events.push(event);
    const results = events.find((event) => event.type === "results");
    const [variant] = results!.results.variants;
    expect(variant).toMatchObject({ name: "no-threes", transferSize: 240, baseline: null });
    expect(variant!.corrected!.absent.size).toBe(20);
    expect(variant!.corrected!.offsets).toHaveLength(2);
  });

  it("starts pairs of student and baseline from the same weights, and no student from the teacher's", async () => {
    const model = { family: "mlp", hidden: [8] };
    const train = { epochs: 1, batchSize: 16, learningRate: 1e-30 };
    const { recipe, runDir } = prepareRun({ teacher: { model, train }, student: { model, train } });
    for await (const _ of distill(readRecipe(recipe), { runDir }));
    const first = (name: string) =>
      readSafetensors(join(runDir, `checkpoints/${name}.safetensors`)).tensors["fc1.weight"]!.data;
    expect(first("student/seed-2")).toEqual(first("baseline/seed-2"));
    expect(first("student/seed-2")).not.toEqual(first("student/seed-3"));
    expect(first("student/seed-2")).not.toEqual(first("teacher"));
  });

  it("throws typed errors", async () => {
    const { recipe, runDir } = prepareRun({ variants: [{ name: "a", transfer: { only: [9] } }] });
    const all = async () => {
      for await (const _ of distill(readRecipe(recipe), { runDir }));
    };
    await expect(all()).rejects.toMatchObject({
      name: "LimbeckError",
      code: "RECIPE_INVALID",
    } satisfies Partial<LimbeckError>);
  });
});
