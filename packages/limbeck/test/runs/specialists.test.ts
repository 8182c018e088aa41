import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { distill, type RunEvent, readRecipe, resume } from "limbeck";
import { beforeAll, describe, expect, it } from "vitest";
import type { RunResults } from "../../src/evaluate/results.js";
import { buildModel } from "../../src/models/index.js";
import { toOnnxModel } from "../../src/models/inference.js";
import { initialize } from "../../src/models/model.js";
import { diagnose } from "../../src/runs/diagnose.js";
import { RunFolder } from "../../src/runs/folder.js";
import { loadSamples, samplesOf } from "../../src/runs/samples.js";
import { readSafetensors } from "../../src/support/safetensors.js";
import { Classifier } from "../../src/teachers/classifier.js";
import { fingerprint, limbeck, prepareRun, read, unlocked } from "./harness.js";

const trained = { model: { family: "mlp", hidden: [16] }, train: { epochs: 12, batchSize: 16, learningRate: 0.01 } };
const student = { model: { family: "mlp", hidden: [16] }, train: { epochs: 40, batchSize: 16, learningRate: 0.01 } };
const terms = [{ loss: "restricted-kd", temperature: 2 }, { loss: "cross-entropy" }];
const signal = new AbortController().signal;

/** Four classes; the second of which both know. */
const teacher = {
  specialists: [
    { ...trained, owns: [1, 0] },
    { ...trained, owns: [1, 3, 2] },
  ],
};

function prepare(changes: object = {}) {
  return prepareRun({ teacher, student, seeds: 1, baseline: false, distill: terms, ...changes });
}

/** A network that nobody trained. */
function writeGiven(folder: string, name: string, classes: number): void {
  const geometry = { channels: 1, height: 6, width: 6 };
  const model = buildModel({ family: "mlp", hidden: [5] }, geometry, classes);
  writeFileSync(join(folder, name), toOnnxModel(model, geometry, initialize(model, 4)));
}

const resultsOf = (runDir: string): RunResults => JSON.parse(readFileSync(join(runDir, "run.json"), "utf8")).results;

const FILES = ["student.onnx", "teacher.onnx", "teacher/specialist-0.onnx", "teacher/specialist-1.onnx"];

describe("two specialists that a run trains", () => {
  const { recipe, runDir } = prepare({
    variants: [
      { name: "merged", distill: [{ loss: "kd" }, { loss: "pkt", student: "relu1", teacher: "member1/relu1" }] },
      { name: "augmented", train: { augment: [{ name: "jitter", pixels: 1 }, { name: "mixup" }] } },
    ],
  });
  let events: RunEvent[];
  beforeAll(async () => {
    events = await read(distill(readRecipe(recipe), { runDir }));
  }, 300_000);

  it("see samples of their own classes alone, and answer about these", async () => {
    const phases = events.flatMap((event) => (event.type === "phase-start" ? [event.phase] : []));
    expect(phases.slice(0, 3)).toEqual(["teacher/specialist-0", "teacher/specialist-1", "label"]);
    const own = samplesOf(await loadSamples(readRecipe(recipe), signal), [1, 3, 2]);
    const whole = await loadSamples(readRecipe(recipe), signal);
    expect([...new Set(Array.from(own.train.indices, (i) => whole.train.dataset.labels[i]))].sort()).toEqual([1, 2, 3]);
    expect([...new Set(Array.from(own.train.indices, (i) => own.train.dataset.labels[i]))].sort()).toEqual([0, 1, 2]);
    const file = await Classifier.load(readFileSync(join(runDir, FILES[3]!)), whole.test.dataset, 1);
    expect(await file.logits(new Float32Array(72), 2)).toHaveLength(6);
    await file.release();
  });

  it("are measured on test samples of their own classes", () => {
    const { helpers, teacher: merged, student: result } = resultsOf(runDir);
    expect(helpers.map(({ name, kind, result: own }) => [name, kind, own.testSize])).toEqual([
      ["teacher/specialist-0", "specialist", 40],
      ["teacher/specialist-1", "specialist", 60],
    ]);
    expect(helpers[0]!.result.agreement).toBeNull();
    expect(merged!.testSize).toBe(80);
    expect(merged!.parameters).toBe(helpers.reduce((sum, { result: own }) => sum + own.parameters, 0));
    expect(result.accuracy.mean).toBeGreaterThan(0.8);
    expect(readFileSync(join(runDir, "report.html"), "utf8")).toContain("knows some classes");
  });

  it("keep their answers side by side", () => {
    const plan = events.find((event) => event.type === "label-plan");
    expect(plan).toMatchObject({ classes: 5, samples: 320 });
  });

  it("teach by terms that look inside, and mixed images, as well", () => {
    const { variants } = resultsOf(runDir);
    for (const { student: result } of variants) expect(result.accuracy.mean).toBeGreaterThan(0.8);
    const kept = Object.keys(readSafetensors(join(runDir, "checkpoints/student/seed-2.safetensors")).tensors);
    expect(kept.filter((name) => name.includes("member"))).toEqual([]);
  });

  it("can be examined by the doctor", async () => {
    const findings = await diagnose(RunFolder.open(runDir), 1, signal);
    expect(findings.teacher.family).toBe("specialists-labels");
    expect(findings.trained!.accuracy.heldOut).toBeGreaterThan(0.8);
  }, 60_000);

  it("end the same when the run is stopped and goes on", async () => {
    const again = prepare();
    const phases = ["teacher/specialist-1", "student/seed-2"];
    for (const phase of phases) {
      const isThere = (event: RunEvent) => event.type === "progress" && event.phase === phase && event.step > 3;
      const events =
        phase === phases[0]
          ? distill(readRecipe(again.recipe), { runDir: again.runDir, reuse: false })
          : resume(again.runDir);
      await read(events, isThere);
      await unlocked(again.runDir);
    }
    await read(resume(again.runDir));
    expect(fingerprint(again.runDir, FILES)).toEqual(fingerprint(runDir, FILES));
  }, 300_000);

  it("can be used again as files", async () => {
    const [a, b] = [FILES[2]!, FILES[3]!].map((file) => join(runDir, file));
    const files = {
      specialists: [
        { onnx: a, owns: [1, 0] },
        { onnx: b, owns: [1, 3, 2] },
      ],
    };
    const again = prepare({ teacher: files });
    await read(distill(readRecipe(again.recipe), { runDir: again.runDir }));
    const { helpers, student: result } = resultsOf(again.runDir);
    expect(helpers.map(({ result: own }) => own.errors)).toEqual(
      resultsOf(runDir).helpers.map(({ result: own }) => own.errors),
    );
    expect(result.accuracy.mean).toBeGreaterThan(0.8);
  }, 300_000);
});

it("teach assistants, which teach the student", async () => {
  const { recipe, runDir } = prepare({
    assistants: [{ model: student.model }],
    distill: [{ loss: "kd", temperature: 2 }],
  });
  await read(distill(readRecipe(recipe), { runDir }));
  expect(resultsOf(runDir).helpers.map(({ kind }) => kind)).toEqual(["specialist", "specialist", "assistant"]);
  expect(resultsOf(runDir).student.accuracy.mean).toBeGreaterThan(0.8);
}, 300_000);

it("label alone writes their answers side by side", async () => {
  const { recipe, runDir } = prepare();
  const { code, stdout } = await limbeck(["label", recipe, "--out", runDir, "--json"]);
  expect(code).toBe(0);
  const { path } = JSON.parse(stdout).labels;
  expect(readSafetensors(path).tensors.logits!.shape).toEqual([320, 5]);
}, 120_000);

describe("specialists that do not fit the data", () => {
  const problems = async (specialists: object[], files: readonly (readonly [string, number])[] = []) => {
    const { folder, recipe, runDir } = prepare({ teacher: { specialists } });
    for (const [name, classes] of files) writeGiven(folder, name, classes);
    return expect(read(distill(readRecipe(recipe), { runDir }))).rejects;
  };

  it("are told by line and column which class nobody owns", async () => {
    const sets = [
      { ...trained, owns: [0, 1] },
      { ...trained, owns: [2, 1] },
    ];
    await (await problems(sets)).toMatchObject({
      code: "RECIPE_INVALID",
      message: expect.stringMatching(/recipe\.yaml:\d+:\d+ teacher\.specialists: no specialist owns class 3/),
    });
  });

  it("are told which class is not there", async () => {
    const sets = [
      { ...trained, owns: [0, 1, 4] },
      { ...trained, owns: [2, 3] },
    ];
    await (await problems(sets)).toMatchObject({
      code: "RECIPE_INVALID",
      message: expect.stringMatching(/recipe\.yaml:\d+:\d+ teacher\.specialists\[0\]\.owns\[2\]: there is no class 4/),
    });
  });

  it("are told when a file has other outputs than it owns classes", async () => {
    const sets = [
      { ...trained, owns: [0, 1] },
      { onnx: "c.onnx", owns: [2, 3] },
    ];
    await (await problems(sets, [["c.onnx", 4]])).toMatchObject({
      code: "TEACHER_MISMATCH",
      where: expect.stringMatching(/recipe\.yaml:\d+:\d+$/),
      message: expect.stringContaining("teacher.specialists[1]: the teacher tells 4 classes apart, and it owns 2"),
      fix: expect.stringContaining("teacher.specialists[1].classes"),
    });
  });
});

it("a file of more classes says which of its outputs are the owned ones", async () => {
  const sets = [
    { ...trained, owns: [0, 1] },
    { onnx: "c.onnx", owns: [3, 2], classes: [3, 2] },
  ];
  const { folder, recipe, runDir } = prepare({ teacher: { specialists: sets, route: "even" } });
  writeGiven(folder, "c.onnx", 4);
  await read(distill(readRecipe(recipe), { runDir, goal: "labels" }));
}, 120_000);
