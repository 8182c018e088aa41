import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { distill, type RunEvent, readRecipe, resume } from "limbeck";
import { beforeAll, describe, expect, it } from "vitest";
import type { RunResults } from "../../src/evaluate/results.js";
import { checkArms } from "../../src/runs/checks.js";
import { loadSamples } from "../../src/runs/samples.js";
import { readSafetensors } from "../../src/support/safetensors.js";
import { Classifier } from "../../src/teachers/classifier.js";
import { fingerprint, limbeck, prepareRun, read, unlocked } from "./harness.js";

const train = { epochs: 6, batchSize: 16, learningRate: 0.01 };
const SMALL = {
  seeds: 1,
  baseline: false,
  teacher: { model: { family: "mlp", hidden: [16] }, train },
  student: { model: { family: "mlp", hidden: [4] }, train },
  distill: [{ loss: "kd" }],
};

const ASSISTANTS = [
  { model: { family: "mlp", hidden: [12] }, distill: [{ loss: "kd", temperature: 2 }, { loss: "cross-entropy" }] },
  { model: { family: "mlp", hidden: [8] }, train: { ...train, epochs: 8, stopAfter: 3 } },
];

const CHAIN = { ...SMALL, assistants: ASSISTANTS, variants: [{ name: "direct", assistants: false }] };

const STUDENT = "checkpoints/student/seed-2.safetensors";
const LINKS = ["assistant-1", "assistant-2"];

const phasesOf = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.type === "phase-start" ? [event.phase] : []));

const resultsOf = (runDir: string): RunResults => JSON.parse(readFileSync(join(runDir, "run.json"), "utf8")).results;

const weightsOf = (runDir: string, file = STUDENT) =>
  Object.values(readSafetensors(join(runDir, file)).tensors).flatMap(({ data }) => [...(data as Float32Array)]);

describe("a chain of assistants", () => {
  const { recipe, runDir } = prepareRun(CHAIN);
  let events: RunEvent[];
  beforeAll(async () => {
    events = await read(distill(readRecipe(recipe), { runDir }));
  }, 300_000);

  it("goes from the teacher to the student, each link asked by the next", () => {
    expect(phasesOf(events)).toEqual([
      ...["teacher", "label", "assistant-1", "assistant-1/label", "assistant-2", "assistant-2/label"],
      ...["student/seed-2", "direct/student/seed-2", "evaluate"],
    ]);
    const started = events.find((event) => event.type === "run-start")!;
    const told = started.phases.map(({ id }) => id);
    expect(phasesOf(events).filter((phase) => !told.includes(phase))).toEqual([]);
    const epochs = events.filter((event) => event.type === "epoch");
    const losses = (phase: string) => Object.keys(epochs.find((event) => event.phase === phase)!.losses);
    expect(losses("assistant-1")).toEqual(["loss", "kd", "cross-entropy"]);
    expect(losses("assistant-2")).toEqual(["loss", "kd"]);
    expect(epochs.filter(({ phase }) => phase === "assistant-2")).toHaveLength(3);
  });

  it("measures every link", () => {
    const { helpers, student } = resultsOf(runDir);
    expect(helpers.map(({ name, kind }) => [name, kind])).toEqual(LINKS.map((name) => [name, "assistant"]));
    const sizes = helpers.map(({ result }) => result.parameters);
    expect(sizes).toEqual([36 * 12 + 12 + 12 * 4 + 4, 36 * 8 + 8 + 8 * 4 + 4]);
    expect(sizes[1]).toBeGreaterThan(student.parameters);
    for (const { result } of helpers) expect(result.agreement!.mean).toBeGreaterThan(0);
    expect(readFileSync(join(runDir, "report.html"), "utf8")).toContain("assistant-2<small>learned from the one above");
  });

  it("teaches the student what its last link says, and a variant without assistants what the teacher says", async () => {
    const from = async (file: string) => {
      const next = prepareRun({ ...SMALL, teacher: { onnx: join(runDir, file) } });
      await read(distill(readRecipe(next.recipe), { runDir: next.runDir }));
      return weightsOf(next.runDir);
    };
    const close = (ours: readonly number[], theirs: readonly number[]) =>
      ours.every((value, i) => Math.abs(value - theirs[i]!) < 1e-3);
    const [ours, direct] = [weightsOf(runDir), weightsOf(runDir, "checkpoints/direct/student/seed-2.safetensors")];
    const [last, teacher] = [await from("assistant-2.onnx"), await from("teacher.onnx")];
    expect([close(ours, last), close(direct, teacher), close(ours, direct)]).toEqual([true, true, false]);
  }, 300_000);

  it("is taken over by a run that has the same beginning", async () => {
    const whole = readRecipe(recipe);
    const shorter = { ...whole, assistants: whole.assistants.slice(0, 1), variants: [] };
    const seen = await read(distill(shorter, { runDir: `${runDir}-shorter` }));
    const ends = seen.filter((event) => event.type === "phase-end");
    const reused = ends.filter((event) => event.from).map(({ phase }) => phase);
    expect(reused).toEqual(["teacher", "label", "assistant-1", "assistant-1/label"]);
  }, 300_000);

  it("ends with the same bits when it was killed within a link", { timeout: 300_000 }, async () => {
    const files = [...LINKS.map((name) => `${name}.onnx`), "student.onnx", STUDENT];
    const patient = { ...CHAIN, assistants: ASSISTANTS.map((link) => ({ ...link, train: { ...train, epochs: 60 } })) };
    const whole = prepareRun(patient);
    await read(distill(readRecipe(whole.recipe), { runDir: whole.runDir }));
    const killed = prepareRun(patient);
    const quick = ["--json", "--checkpoint-every", "0.02"];
    const result = await limbeck(["run", killed.recipe, "--out", killed.runDir, ...quick], (child) => {
      const timer = setInterval(() => {
        if (!existsSync(join(killed.runDir, "checkpoints/assistant-2.partial.safetensors"))) return;
        clearInterval(timer);
        child.kill("SIGKILL");
      }, 5);
      child.on("close", () => clearInterval(timer));
    });
    expect(result.code).not.toBe(0);
    await unlocked(killed.runDir);
    await read(resume(killed.runDir));
    expect(fingerprint(killed.runDir, files)).toEqual(fingerprint(whole.runDir, files));
  });
});

describe("generations", () => {
  const { recipe, runDir } = prepareRun({ ...SMALL, generations: 3 });
  let events: RunEvent[];
  beforeAll(async () => {
    events = await read(distill(readRecipe(recipe), { runDir }));
  }, 300_000);

  it("are the student's network, each taught by the one before and started anew", () => {
    expect(phasesOf(events)).toEqual([
      ...["teacher", "label", "generation-1", "generation-1/label", "generation-2", "generation-2/label"],
      ...["student/seed-2", "evaluate"],
    ]);
    const all = ["generation-1", "generation-2"].map((name) => weightsOf(runDir, `checkpoints/${name}.safetensors`));
    expect(all[0]).not.toEqual(all[1]);
    expect(all[0]!.length).toBe(weightsOf(runDir).length);
  });

  it("answer together with the mean of their probabilities", async () => {
    const { helpers } = resultsOf(runDir);
    expect(helpers.map(({ name }) => name)).toEqual(["generation-1", "generation-2", "generations"]);
    const { test } = await loadSamples(readRecipe(recipe), new AbortController().signal);
    const answers = async (file: string) => {
      const classifier = await Classifier.load(readFileSync(join(runDir, file)), test.dataset, 1);
      const powers = [...(await classifier.classify(test)).slice(0, 4)].map(Math.exp);
      await classifier.release();
      return powers.map((x) => x / powers.reduce((a, b) => a + b, 0));
    };
    const parts = await Promise.all(["generation-1.onnx", "generation-2.onnx", "student.onnx"].map(answers));
    (await answers("generations.onnx")).forEach((p, c) => {
      expect(p).toBeCloseTo(
        parts.reduce((sum, part) => sum + part[c]! / 3, 0),
        5,
      );
    });
  });
});

describe("a chain that cannot work", () => {
  const tap = { loss: "fitnets", student: "relu2", teacher: "relu1" };

  it.each([
    [{ assistants: [{ ...ASSISTANTS[0], distill: [{ loss: "kd" }, tap] }] }, { code: "TAP_UNKNOWN" }],
    [
      { assistants: [{ ...ASSISTANTS[0], train: { epochs: 1, warmupEpochs: 2 } }] },
      { code: "RECIPE_INVALID", where: "assistant-1: warmupEpochs" },
    ],
    [
      // The student's term fits the teacher, which has two layers, but not the assistant that it learns from.
      {
        teacher: { model: { family: "mlp", hidden: [8, 8] }, train },
        assistants: [{ ...ASSISTANTS[0], distill: [{ loss: "kd" }] }],
        distill: [{ loss: "cosine", student: "relu1", teacher: "relu2" }, { loss: "kd" }],
      },
      { code: "TAP_UNKNOWN", message: expect.stringContaining("relu2") },
    ],
  ])("is found before anything is trained: %o", async (changes, error) => {
    const recipe = readRecipe(prepareRun({ ...SMALL, ...changes }).recipe);
    const samples = await loadSamples(recipe, new AbortController().signal);
    expect(() => checkArms(recipe, samples)).toThrow(expect.objectContaining(error));
  });
});
