import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nodeBackend } from "@limbeck/graph/node";
import { distill, type LimbeckError, parseRecipe, type RunEvent, resume } from "limbeck";
import { beforeAll, describe, expect, it } from "vitest";
import { checkArms } from "../../src/runs/checks.js";
import { loadSamples, type RunSamples } from "../../src/runs/samples.js";
import { readSafetensors } from "../../src/support/safetensors.js";
import { fingerprint, read, temporaryFolder, unlocked } from "./harness.js";

const FILES = ["teacher.onnx", "student.onnx", "checkpoints/student/seed-2.safetensors"];
const STUDENT = "checkpoints/student/seed-2.safetensors";
const PARTIAL = "checkpoints/student/seed-2.partial.safetensors";

const TERMS = [
  { loss: "cross-entropy" },
  { loss: "kd", temperature: 2 },
  { loss: "fitnets", student: "relu1", teacher: "relu2", weight: 0.01 },
  { loss: "vid", student: "relu1", teacher: "relu1", weight: 0.01 },
  { loss: "sp", student: "relu1", teacher: "relu2", weight: 10 },
];

/** Real digits; a run of a few seconds. */
function recipe(terms: readonly object[], epochs = 6) {
  const train = { batchSize: 32, augment: [{ name: "jitter", pixels: 1 }] };
  const text = JSON.stringify({
    name: "taps",
    seeds: 1,
    baseline: false,
    data: { source: "digits", train: 320, test: 100 },
    teacher: { model: { family: "mlp", hidden: [40, 24] }, train: { ...train, epochs: 8 } },
    student: { model: { family: "mlp", hidden: [12], dropout: { hidden: 0.1 } }, train: { ...train, epochs } },
    distill: terms,
  });
  return parseRecipe(text, "taps.yaml");
}

describe("a run whose terms look inside of the networks", () => {
  const runDir = join(temporaryFolder(), "whole");
  let events: RunEvent[];
  beforeAll(async () => {
    events = await read(distill(recipe(TERMS), { runDir }));
  });

  it("logs every term, and all of them fall", () => {
    const epochs = events.filter((event) => event.type === "epoch" && event.phase === "student/seed-2");
    const losses = epochs.map((event) => (event.type === "epoch" ? event.losses : {}));
    expect(Object.keys(losses[0]!).sort()).toEqual(["cross-entropy", "fitnets", "kd", "loss", "sp", "vid"]);
    for (const name of Object.keys(losses[0]!)) expect(losses.at(-1)![name], name).toBeLessThan(losses[0]![name]!);
  });

  it("exports a student without adapters", async () => {
    const { tensors } = readSafetensors(join(runDir, STUDENT));
    expect(Object.keys(tensors).sort()).toEqual(["fc1.bias", "fc1.weight", "fc2.bias", "fc2.weight"]);
    const file = readFileSync(join(runDir, "student.onnx"));
    expect(file.length).toBeLessThan(4 * (784 * 12 + 12 + 12 * 10 + 10) + 2000);
    const session = await nodeBackend.createSession(file);
    const images = nodeBackend.tensor("float32", new Float32Array(3 * 784), [3, 1, 28, 28]);
    expect((await session.run({ images })).logits!.dims).toEqual([3, 10]);
    await session.release();
  });

  it("goes on bit for bit where it was stopped, adapters included", { timeout: 120_000 }, async () => {
    const stoppedDir = join(temporaryFolder(), "stopped");
    await read(distill(recipe(TERMS), { runDir: stoppedDir, reuse: false }), (event) => {
      return event.type === "epoch" && event.phase === "student/seed-2" && event.epoch === 2;
    });
    await unlocked(stoppedDir);
    const { tensors } = readSafetensors(join(stoppedDir, PARTIAL));
    const kept = Object.keys(tensors).filter((name) => name.endsWith("loss/vid/log_scale"));
    expect(kept).toHaveLength(3); // Adam has two slots.
    await read(resume(stoppedDir));
    expect(fingerprint(stoppedDir, FILES)).toEqual(fingerprint(runDir, FILES));
  });
});

describe("terms that do not fit are refused before anything is trained", () => {
  const CE = { loss: "cross-entropy" };
  let samples: RunSamples | undefined;
  const errorOf = (action: () => void) => {
    try {
      action();
    } catch (error) {
      return error as LimbeckError;
    }
    return undefined;
  };
  it.each<[string, readonly object[], string, RegExp, RegExp]>([
    [
      "a tap that is not there",
      [CE, { loss: "sp", student: "relu3", teacher: "relu2" }],
      "TAP_UNKNOWN",
      /the student has no tap "relu3"/,
      /relu1/,
    ],
    [
      "the teacher's as well",
      [CE, { loss: "sp", student: "relu1", teacher: "toString" }],
      "TAP_UNKNOWN",
      /the teacher has no tap "toString"/,
      /relu1, relu2/,
    ],
    [
      "shapes that differ, without an adapter",
      [CE, { loss: "fitnets", regressor: "none", student: "relu1", teacher: "relu2" }],
      "FEATURE_MISMATCH",
      /student's features are \[32,12\], the teacher's \[32,24\] \(student relu1, teacher relu2\)/,
      /regressor: convolution/,
    ],
    [
      "maps wanted, vectors given",
      [CE, { loss: "at", student: "relu1", teacher: "relu2" }],
      "FEATURE_MISMATCH",
      /maps/,
      /Tap/,
    ],
    [
      "different numbers of taps",
      [CE, { loss: "fsp", student: ["relu1"], teacher: ["relu1", "relu2"] }],
      "RECIPE_INVALID",
      /fsp taps 1 student and 2 teacher values/,
      /as many/,
    ],
    [
      "nothing that trains the last layer",
      [{ loss: "sp", student: "relu1", teacher: "relu2" }],
      "RECIPE_INVALID",
      /no term of distill trains the student's fc2/,
      /cross-entropy/,
    ],
  ])("%s", async (_, terms, code, message, fix) => {
    const wanted = recipe(terms);
    samples ??= await loadSamples(wanted, new AbortController().signal);
    const error = errorOf(() => checkArms(wanted, samples!));
    expect(error).toMatchObject({ code, fix: expect.stringMatching(fix) });
    expect(error!.message).toMatch(message);
  });

  it("a feature loss without taps", () => {
    expect(() => recipe([{ loss: "sp" }])).toThrow(/distill\[0\]\.student: is missing/);
  });
});
