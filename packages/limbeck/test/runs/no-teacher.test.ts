import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { distill, parseRecipe, type RunEvent, resume } from "limbeck";
import { beforeAll, describe, expect, it } from "vitest";
import { resultsTable } from "../../src/cli/summary.js";
import { readSafetensors } from "../../src/support/safetensors.js";
import { fingerprint, read, temporaryFolder, unlocked } from "./harness.js";

const STUDENT = "checkpoints/student/seed-2.safetensors";
const SIZE = 330;

/** Real digits, of which each epoch leaves out ten; a run of a few seconds. */
function recipe(distill: readonly object[], changes: object = {}) {
  const text = JSON.stringify({
    name: "alone",
    seeds: 1,
    data: { source: "digits", test: 100, transfer: { size: SIZE } },
    student: { model: { family: "mlp", hidden: [12] }, train: { epochs: 6, batchSize: 32 } },
    distill,
    ...changes,
  });
  return parseRecipe(text, "alone.yaml");
}

/** Results of a run that trains nothing but students and baselines. */
function resultsOf(events: readonly RunEvent[]) {
  const found = events.find((event) => event.type === "results");
  if (found?.type !== "results") throw new Error("no results");
  return found.results;
}

describe("a run without a teacher", () => {
  const runDir = join(temporaryFolder(), "whole");
  let events: RunEvent[];
  beforeAll(async () => {
    events = await read(distill(recipe([{ loss: "ps-kd" }]), { runDir }));
  }, 120_000);

  it("has no phase, file or result of one", () => {
    const phases = events.flatMap((event) => (event.type === "phase-start" ? [event.phase] : []));
    expect(phases).toEqual(["student/seed-2", "baseline/seed-2", "evaluate"]);
    const [start] = events;
    expect(start?.type === "run-start" && start.phases.map(({ id }) => id)).toEqual(phases);
    for (const name of ["teacher.onnx", "cache", "checkpoints/teacher.safetensors"]) {
      expect(existsSync(join(runDir, name)), name).toBe(false);
    }
    const { teacher, student, verdict } = resultsOf(events);
    expect(teacher).toBeNull();
    expect(student).toMatchObject({ agreement: null, klToTeacher: null, mapCosine: null });
    expect(verdict!.sentence).toMatch(/with ps-kd/);
  });

  it("reports errors and calibration, and nothing that needs one", () => {
    const table = resultsTable(resultsOf(events));
    expect(table).toMatch(/calibration error \(ECE\) +[\d.]+% +[\d.]+%/);
    expect(table).not.toMatch(/teacher/);
    const report = readFileSync(join(runDir, "report.html"), "utf8");
    expect(report).toContain("there is no teacher");
    expect(report).toContain("Calibration error (ECE)");
    expect(report).not.toMatch(/id="dark"|Agreement with the teacher|KL to the teacher/);
  });

  it("goes on bit for bit where it was stopped, with what was remembered", { timeout: 120_000 }, async () => {
    const stoppedDir = join(temporaryFolder(), "stopped");
    await read(distill(recipe([{ loss: "ps-kd" }]), { runDir: stoppedDir, reuse: false }), (event) => {
      return event.type === "epoch" && event.phase === "student/seed-2" && event.epoch === 2;
    });
    await unlocked(stoppedDir);
    const { tensors } = readSafetensors(join(stoppedDir, "checkpoints/student/seed-2.partial.safetensors"));
    const { shape, data } = tensors["loss/ps-kd/predictions"]!;
    expect(shape).toEqual([SIZE, 10]);
    const sums = Array.from({ length: SIZE }, (_, row) => {
      return Array.from({ length: 10 }, (_, k) => Number(data[10 * row + k])).reduce((a, b) => a + b);
    });
    const met = sums.filter((sum) => Math.abs(sum - 1) < 1e-5).length;
    expect(met).toBeGreaterThan(320);
    expect(met + sums.filter((sum) => sum === -10).length).toBe(SIZE);
    await read(resume(stoppedDir));
    expect(fingerprint(stoppedDir, ["student.onnx", STUDENT])).toEqual(fingerprint(runDir, ["student.onnx", STUDENT]));
    expect(Object.keys(readSafetensors(join(runDir, STUDENT)).tensors).filter((name) => /loss/.test(name))).toEqual([]);
  });

  it("is what a baseline is, where own predictions have no share", { timeout: 120_000 }, async () => {
    const same = join(temporaryFolder(), "same");
    await read(distill(recipe([{ loss: "ps-kd", share: 0 }]), { runDir: same }));
    const values = (arm: string) => readSafetensors(join(same, `checkpoints/${arm}/seed-2.safetensors`)).tensors;
    for (const [name, { data }] of Object.entries(values("baseline"))) {
      const own = values("student")[name]!.data;
      expect(Math.max(...Array.from(data, (value, i) => Math.abs(Number(value) - Number(own[i])))), name).toBeLessThan(
        1e-3,
      );
    }
  });
});

it("a teacher that no term asks is still trained and compared with", { timeout: 120_000 }, async () => {
  const teacher = { model: { family: "mlp", hidden: [16] }, train: { epochs: 2 } };
  const runDir = join(temporaryFolder(), "beside");
  const terms = [{ loss: "tf-kd-virtual" }, { loss: "cross-entropy", weight: 0.9 }];
  const results = resultsOf(await read(distill(recipe(terms, { teacher }), { runDir })));
  expect(results.teacher!.errors).toHaveLength(1);
  expect(results.student.agreement!.mean).toBeGreaterThan(0);
  expect(results.verdict!.sentence).not.toContain("with the teacher");
});
