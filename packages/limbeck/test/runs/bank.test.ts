import { join } from "node:path";
import { distill, parseRecipe, resume } from "limbeck";
import { beforeAll, describe, expect, it } from "vitest";
import { checkArms } from "../../src/runs/checks.js";
import { loadSamples } from "../../src/runs/samples.js";
import { readSafetensors } from "../../src/support/safetensors.js";
import { fingerprint, read, temporaryFolder, unlocked } from "./harness.js";

const STUDENT = "checkpoints/student/seed-2.safetensors";
const PARTIAL = "checkpoints/student/seed-2.partial.safetensors";
const TAPS = { student: "relu1", teacher: "relu1" };
const CE = { loss: "cross-entropy" };

const TERMS = [
  CE,
  { loss: "crd", ...TAPS, negatives: 100, dimensions: 16 },
  { loss: "crd", ...TAPS, from: "other-samples", dimensions: 16, weight: 0.1 },
  { loss: "seed-queue", ...TAPS, size: 150 },
];

/** Real digits; a run of a few seconds whose epochs end in the middle of the queue. */
function recipe(terms: readonly object[] = TERMS, transfer: object = {}, batchSize = 32) {
  const text = JSON.stringify({
    name: "bank",
    seeds: 1,
    baseline: false,
    data: { source: "digits", train: 330, test: 100, transfer },
    teacher: { model: { family: "mlp", hidden: [24] }, train: { epochs: 6 } },
    student: { model: { family: "mlp", hidden: [12] }, train: { epochs: 6, batchSize } },
    distill: terms,
  });
  return parseRecipe(text, "bank.yaml");
}

describe("a run whose terms remember samples", () => {
  const runDir = join(temporaryFolder(), "whole");
  let losses: Readonly<Record<string, number>>[];
  beforeAll(async () => {
    const events = await read(distill(recipe(), { runDir }));
    losses = events.flatMap((event) =>
      event.type === "epoch" && event.phase === "student/seed-2" ? [event.losses] : [],
    );
  }, 120_000);

  it("learns from them", () => {
    expect(Object.keys(losses[0]!).sort()).toEqual(["crd", "crd.2", "cross-entropy", "loss", "seed-queue"]);
    for (const name of Object.keys(losses[0]!)) expect(losses.at(-1)![name], name).toBeLessThan(losses[0]![name]!);
  });

  it("goes on bit for bit where it was stopped, and keeps none of it in the student", {
    timeout: 120_000,
  }, async () => {
    const stoppedDir = join(temporaryFolder(), "stopped");
    await read(distill(recipe(), { runDir: stoppedDir, reuse: false }), (event) => {
      return event.type === "epoch" && event.phase === "student/seed-2" && event.epoch === 2;
    });
    await unlocked(stoppedDir);
    const { tensors } = readSafetensors(join(stoppedDir, PARTIAL));
    expect(tensors["loss/crd/memory.teacher"]!.shape).toEqual([330, 16]);
    expect(tensors["loss/crd.2/memory.student"]!.shape).toEqual([330, 16]);
    expect(tensors["loss/crd/normalizer.student"]!.data[0]).toBeGreaterThan(0);
    expect(tensors["loss/seed-queue/queue"]!.shape).toEqual([150, 24]);
    const met = Array.from({ length: 330 }, (_, i) => length(tensors["loss/crd/memory.teacher"]!.data, i, 16));
    expect(met.filter((size) => Math.abs(size - 1) < 1e-4).length).toBeGreaterThan(300);
    await read(resume(stoppedDir));
    const files = ["teacher.onnx", "student.onnx", STUDENT];
    expect(fingerprint(stoppedDir, files)).toEqual(fingerprint(runDir, files));
    expect(Object.keys(readSafetensors(join(runDir, STUDENT)).tensors).filter((name) => /loss/.test(name))).toEqual([]);
  });

  it("may have fewer samples than a batch", { timeout: 120_000 }, async () => {
    const few = join(temporaryFolder(), "few");
    const events = await read(distill(recipe(TERMS, { size: 20 }), { runDir: few }));
    expect(events.at(-1)).toMatchObject({ type: "run-end" });
  });

  it.each<[string, object, object, RegExp, RegExp]>([
    ["one class", {}, { only: [3] }, /tells samples apart from samples of other classes/, /from: other-samples/],
    ["one sample", { from: "other-samples" }, { size: 1 }, /tells samples apart from other samples/, /more samples/],
  ])(
    "is refused before anything is trained where nothing can be told apart: %s",
    async (_, options, transfer, message, fix) => {
      const wanted = recipe([CE, { loss: "crd", ...TAPS, ...options }], transfer, 1);
      const samples = await loadSamples(wanted, new AbortController().signal);
      const check = () => checkArms(wanted, samples);
      expect(check).toThrow(message);
      expect(check).toThrow(expect.objectContaining({ code: "DATA_TOO_SMALL", fix: expect.stringMatching(fix) }));
    },
  );
});

function length(data: ArrayLike<number | bigint>, row: number, width: number): number {
  return Math.hypot(...Array.from({ length: width }, (_, i) => Number(data[row * width + i])));
}
