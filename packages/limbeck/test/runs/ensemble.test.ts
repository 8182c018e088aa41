import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { distill, type RunEvent, readRecipe, resume } from "limbeck";
import { beforeAll, describe, expect, it } from "vitest";
import { countErrors } from "../../src/evaluate/metrics.js";
import type { RunResults } from "../../src/evaluate/results.js";
import { buildModel } from "../../src/models/index.js";
import { toOnnxModel } from "../../src/models/inference.js";
import { initialize } from "../../src/models/model.js";
import { loadSamples } from "../../src/runs/samples.js";
import { sha256 } from "../../src/support/hash.js";
import { readSafetensors } from "../../src/support/safetensors.js";
import { Classifier } from "../../src/teachers/classifier.js";
import { combineByLabels } from "../../src/teachers/ensemble/correctness.js";
import { fingerprint, prepareRun, read, unlocked } from "./harness.js";

const trained = { model: { family: "mlp", hidden: [16] }, train: { epochs: 6, batchSize: 32, learningRate: 0.01 } };
const student = { model: { family: "mlp", hidden: [8] }, train: { epochs: 4, batchSize: 16 } };

/** A network that nobody trained. */
function writeGiven(folder: string, name: string, seed: number, classes = 4): void {
  const geometry = { channels: 1, height: 6, width: 6 };
  const model = buildModel({ family: "mlp", hidden: [5] }, geometry, classes);
  writeFileSync(join(folder, name), toOnnxModel(model, geometry, initialize(model, seed)));
}

function prepare(teacher: object, changes: object = {}) {
  const given = prepareRun({ teacher, student, seeds: 1, baseline: false, distill: [{ loss: "kd" }], ...changes });
  writeGiven(given.folder, "a.onnx", 1);
  writeGiven(given.folder, "b.onnx", 2);
  return given;
}

const phasesOf = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.type === "phase-start" ? [event.phase] : []));

const resultsOf = (runDir: string): RunResults => JSON.parse(readFileSync(join(runDir, "run.json"), "utf8")).results;

async function logitsOf(runDir: string, file: string, part: "train" | "test" = "test") {
  const samples = await loadSamples(readRecipe(join(runDir, "recipe.yaml")), new AbortController().signal);
  const { dataset } = samples[part];
  const classifier = await Classifier.load(readFileSync(join(runDir, file)), dataset, 1);
  const logits = await classifier.classify(samples[part]);
  await classifier.release();
  const labels = Uint8Array.from(samples[part].indices, (index) => dataset.labels[index]!);
  return { logits, labels };
}

function probabilities(logits: Float32Array, row: number, classes = 4): number[] {
  const powers = [...logits.subarray(row * classes, (row + 1) * classes)].map(Math.exp);
  return powers.map((x) => x / powers.reduce((a, b) => a + b, 0));
}

describe("an ensemble of trained networks and files", () => {
  const teacher = { ensemble: [trained, trained, { onnx: "a.onnx" }, { onnx: "b.onnx" }], combine: "mean" };
  const terms = [{ loss: "kd" }, { loss: "cosine", student: "relu1", teacher: "member1/relu1" }];
  const { recipe, runDir } = prepare(teacher, { distill: terms });
  const files = [0, 1, 2, 3].map((place) => `teacher/member-${place}.onnx`);
  let events: RunEvent[];
  let frozen: Record<string, string>;
  beforeAll(async () => {
    events = [];
    for await (const event of distill(readRecipe(recipe), { runDir })) {
      events.push(event);
      if (event.type === "phase-start" && event.phase === "student/seed-2") {
        frozen = fingerprint(runDir, ["teacher.onnx", ...files]);
      }
    }
  }, 300_000);

  it("trains members that differ, and asks all of them live where terms look inside", () => {
    const phases = ["teacher/member-0", "teacher/member-1", "student/seed-2", "evaluate"];
    expect(phasesOf(events)).toEqual(phases);
    const [first, second] = [0, 1].map((place) => readSafetensors(member(place)).tensors);
    expect(Object.keys(first!)).toEqual(Object.keys(second!));
    for (const name of Object.keys(first!)) expect(first![name]!.data).not.toEqual(second![name]!.data);
  });

  const member = (place: number) => join(runDir, `checkpoints/teacher/member-${place}.safetensors`);

  it("is one teacher.onnx that gives the mean of their probabilities", async () => {
    const whole = await logitsOf(runDir, "teacher.onnx");
    const parts = await Promise.all(files.map((file) => logitsOf(runDir, file)));
    for (const row of [0, 17, 79]) {
      const each = parts.map(({ logits }) => probabilities(logits, row));
      probabilities(whole.logits, row).forEach((p, c) => {
        expect(p).toBeCloseTo(
          each.reduce((sum, q) => sum + q[c]! / 4, 0),
          5,
        );
      });
    }
  });

  it("measures every member and the ensemble", async () => {
    const { helpers, teacher: ensemble } = resultsOf(runDir);
    expect(helpers.map(({ name, kind }) => [name, kind])).toEqual(
      [0, 1, 2, 3].map((place) => [`teacher/member-${place}`, "member"]),
    );
    const { logits, labels } = await logitsOf(runDir, files[1]!);
    expect(helpers[1]!.result.errors).toEqual([countErrors({ logits, labels, classes: 4 })]);
    expect(ensemble!.parameters).toBe(helpers.reduce((sum, { result }) => sum + result.parameters, 0));
    const report = readFileSync(join(runDir, "report.html"), "utf8");
    for (const text of ["teacher/member-3", "a.onnx, sha256", "b.onnx, sha256"]) expect(report).toContain(text);
  });

  it("is never changed by what learns from it", () => {
    expect(fingerprint(runDir, ["teacher.onnx", ...files])).toEqual(frozen);
    const kept = Object.keys(readSafetensors(join(runDir, "checkpoints/student/seed-2.safetensors")).tensors);
    expect(kept.filter((name) => name.includes("member"))).toEqual([]);
  });

  it("goes on only with the files that it began with", async () => {
    const { folder, recipe, runDir } = prepare({ ensemble: [{ onnx: "a.onnx" }, { onnx: "b.onnx" }] });
    await read(distill(readRecipe(recipe), { runDir }), (event) => event.type === "phase-end");
    await unlocked(runDir);
    const { memberSha256 } = JSON.parse(readFileSync(join(runDir, "run.json"), "utf8"));
    expect(memberSha256["teacher.ensemble[1]"]).toBe(sha256(readFileSync(join(folder, "b.onnx"))));
    writeGiven(folder, "b.onnx", 3);
    await expect(read(resume(runDir))).rejects.toMatchObject({
      code: "RUN_INVALID",
      message: expect.stringMatching(/b\.onnx is another file than when the run began/),
    });
  }, 300_000);
});

describe("weighing by labels", () => {
  it("makes soft targets of members by what they say of each label; teacher.onnx is their mean", async () => {
    const teacher = { ensemble: [trained, { onnx: "a.onnx" }], combine: "correctness", temperature: 4 };
    const { recipe, runDir } = prepare(teacher);
    await read(distill(readRecipe(recipe), { runDir }));
    const parts = await Promise.all([0, 1].map((place) => logitsOf(runDir, `teacher/member-${place}.onnx`, "train")));
    const { labels } = parts[0]!;
    const beside = Float32Array.from({ length: labels.length * 8 }, (_, i) => {
      return parts[i % 8 < 4 ? 0 : 1]!.logits[Math.floor(i / 8) * 4 + (i % 4)]!;
    });
    const wanted = combineByLabels(beside, labels, 4, 4);
    const [cached] = readdirSync(join(runDir, "cache"));
    const { data } = readSafetensors(join(runDir, "cache", cached!)).tensors.logits!;
    for (const row of [0, 5, labels.length - 1]) {
      for (let c = 0; c < 4; c++) {
        expect((data as Float32Array)[row * 4 + c]).toBeCloseTo(wanted[row * 4 + c]!, 4);
      }
    }
  }, 300_000);

  it("sees augmented images too", async () => {
    const teacher = { ensemble: [{ onnx: "b.onnx" }, { onnx: "a.onnx" }], combine: "correctness" };
    const augmented = { ...student, train: { ...student.train, augment: [{ name: "jitter", pixels: 1 }] } };
    const { recipe, runDir } = prepare(teacher, { student: augmented });
    await read(distill(readRecipe(recipe), { runDir }));
    expect(resultsOf(runDir).helpers).toHaveLength(2);
  }, 300_000);
});

it("a member with other classes is named by line and column", async () => {
  const { folder, recipe, runDir } = prepare({ ensemble: [{ onnx: "a.onnx" }, { onnx: "b.onnx" }] });
  writeGiven(folder, "b.onnx", 2, 3);
  await expect(read(distill(readRecipe(recipe), { runDir }))).rejects.toMatchObject({
    code: "TEACHER_MISMATCH",
    where: expect.stringMatching(/recipe\.yaml:\d+:\d+$/),
    message: expect.stringMatching(
      /recipe\.yaml:\d+:\d+ teacher\.ensemble\[1\]: the teacher tells 3 classes apart, and/,
    ),
    fix: expect.stringContaining("teacher.ensemble[1].classes"),
  });
}, 300_000);
