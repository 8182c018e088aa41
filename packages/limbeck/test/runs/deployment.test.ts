import { readFileSync } from "node:fs";
import { join } from "node:path";
import { inspectModel } from "@limbeck/graph";
import { distill, parseRecipe, type RunEvent, resume } from "limbeck";
import { beforeAll, describe, expect, it } from "vitest";
import { splitLabels } from "../../src/data/dataset.js";
import { countErrors } from "../../src/evaluate/metrics.js";
import type { ModelResult } from "../../src/evaluate/results.js";
import { checkArms } from "../../src/runs/checks.js";
import { loadSamples } from "../../src/runs/samples.js";
import { readSafetensors } from "../../src/support/safetensors.js";
import { Classifier } from "../../src/teachers/classifier.js";
import { fingerprint, read, temporaryFolder, unlocked } from "./harness.js";

const STUDENT = "checkpoints/student/seed-2.safetensors";

/** Real digits; a run of a few seconds. */
function recipe(
  distill: readonly object[] = [{ loss: "simkd" }],
  student: object = { family: "resnet", depth: 8, width: 0.25 },
) {
  const train = { batchSize: 32, learningRate: 0.01 };
  const text = JSON.stringify({
    name: "deployment",
    seeds: 1,
    data: { source: "digits", train: 256, test: 100 },
    teacher: { model: { family: "resnet", depth: 8, width: 0.5 }, train: { ...train, epochs: 6 } },
    student: { model: student, train: { ...train, epochs: 10 } },
    distill,
  });
  return parseRecipe(text, "deployment.yaml");
}

describe("a student that is deployed with the teacher's classifier", () => {
  const runDir = join(temporaryFolder(), "whole");
  let events: RunEvent[];
  let results: Record<"teacher" | "student" | "baseline", ModelResult>;
  beforeAll(async () => {
    events = await read(distill(recipe(), { runDir }));
    results = JSON.parse(readFileSync(join(runDir, "run.json"), "utf8")).results;
  }, 120_000);

  it("keeps projector and classifier, not its own linear layer", () => {
    const { tensors } = readSafetensors(join(runDir, STUDENT));
    const names = Object.keys(tensors);
    expect(names.filter((name) => name.startsWith("fc."))).toEqual([]);
    expect(names).toContain("layer3.0.conv2.weight");
    expect(names).toContain("simkd.projector.1.running_mean");
    const teacher = readSafetensors(join(runDir, "checkpoints/teacher.safetensors")).tensors;
    for (const part of ["weight", "bias"]) {
      expect(tensors[`simkd.classifier.${part}`]!.data).toEqual(teacher[`fc.${part}`]!.data);
    }
  });

  it("counts them in its parameters, and is inspected with them", async () => {
    const inner = 16;
    const [own, theirs, classes] = [16, 32, 10];
    const projector = own * inner + 2 * inner + 9 * inner * inner + 2 * inner + inner * theirs + 2 * theirs;
    const change = projector + (theirs + 1) * classes - (own + 1) * classes;
    expect(results.student.parameters).toBe(results.baseline.parameters + change);
    const file = readFileSync(join(runDir, "student.onnx"));
    const { parameters, operators } = await inspectModel(file);
    const weights = parameters.tensors.map(({ name }) => name);
    expect(weights).toContain("simkd.projector.3.weight");
    expect(weights).toContain("simkd.classifier.weight");
    expect(weights.filter((name) => name.startsWith("fc."))).toEqual([]);
    const baseline = await inspectModel(readFileSync(join(runDir, "baseline.onnx")));
    const count = (of: typeof operators, name: string) => of.find(({ operator }) => operator === name)!.count;
    expect(count(operators, "Conv")).toBe(count(baseline.operators, "Conv") + 3);
    expect(count(operators, "Gemm")).toBe(1);
  });

  it("is judged by what is exported, in the curve as at the end", async () => {
    const { test } = await loadSamples(recipe(), new AbortController().signal);
    const file = readFileSync(join(runDir, "student.onnx"));
    const classifier = await Classifier.load(file, test.dataset, 1);
    const errors = countErrors({ logits: await classifier.classify(test), classes: 10, labels: splitLabels(test) });
    await classifier.release();
    expect(results.student.errors).toEqual([errors]);
    expect(results.student.bytes).toBe(file.length);
    const epochs = events.filter((event) => event.type === "epoch" && event.phase === "student/seed-2");
    expect(epochs.at(-1)).toMatchObject({ errors });
    expect(errors).toBeLessThan(70);
  });

  it("goes on bit for bit where it was stopped", { timeout: 120_000 }, async () => {
    const stoppedDir = join(temporaryFolder(), "stopped");
    await read(distill(recipe(), { runDir: stoppedDir, reuse: false }), (event) => {
      return event.type === "epoch" && event.phase === "student/seed-2" && event.epoch === 2;
    });
    await unlocked(stoppedDir);
    await read(resume(stoppedDir));
    expect(fingerprint(stoppedDir, [STUDENT, "student.onnx"])).toEqual(fingerprint(runDir, [STUDENT, "student.onnx"]));
  });
});

describe("students that cannot be deployed so are refused before anything is trained", () => {
  it.each<[string, ReturnType<typeof recipe>, string, RegExp]>([
    [
      "another end",
      recipe([{ loss: "simkd" }], { family: "mlp", hidden: [8] }),
      "FEATURE_MISMATCH",
      /simkd.*the student does not/,
    ],
    [
      "two methods",
      recipe([{ loss: "simkd" }, { loss: "simkd", factor: 4 }]),
      "RECIPE_INVALID",
      /one method, not with simkd, simkd/,
    ],
  ])("%s", async (_, wanted, code, message) => {
    const samples = await loadSamples(wanted, new AbortController().signal);
    const checked = () => checkArms(wanted, samples);
    expect(checked).toThrow(message);
    expect(checked).toThrow(expect.objectContaining({ code }));
  });
});
