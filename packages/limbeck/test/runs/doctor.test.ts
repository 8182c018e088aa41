import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { limbeck, prepareRun, temporaryFolder } from "./harness.js";

describe("limbeck doctor", () => {
  const { recipe, runDir, folder } = prepareRun({ seeds: 1 });
  const cache = { LIMBECK_CACHE_DIR: temporaryFolder() };
  const teacherDir = join(folder, "teacher");
  let before: Awaited<ReturnType<typeof limbeck>>;
  beforeAll(async () => {
    before = await limbeck(["doctor", recipe, "--out", teacherDir, "--json"], undefined, cache);
  });

  it("makes a recipe's teacher ready, measures and advises", () => {
    expect(before.code, before.stderr).toBe(0);
    const { status, findings, advice } = JSON.parse(before.stdout);
    expect(status).toBe("done");
    expect(findings.teacher.transfer.samples).toBe(64);
    expect(findings.teacher.heldOut.samples).toBe(80);
    expect(findings.teacher.heldOut.accuracy).toBeGreaterThan(0.5);
    expect(findings.trained).toBeNull();
    // 30 epochs of four batches.
    expect(advice).toContainEqual(
      expect.objectContaining({ rule: "patience", sentence: expect.stringMatching(/120 steps/) }),
    );
    expect(existsSync(join(teacherDir, "teacher.onnx"))).toBe(true);
    expect(existsSync(join(teacherDir, "cache"))).toBe(false);
  });

  it("measures the student of a run that is done, which took the teacher over; again and again the same", async () => {
    const run = await limbeck(["run", recipe, "--out", runDir], undefined, cache);
    expect(run.stdout).toMatch(/teacher +reused from/);
    const file = () => readFileSync(join(runDir, "run.json"), "utf8");
    const untouched = file();
    const [first, second] = [await limbeck(["doctor", runDir, "--json"]), await limbeck(["doctor", runDir, "--json"])];
    expect(second).toEqual(first);
    expect(file()).toBe(untouched);
    const { findings } = JSON.parse(first.stdout);
    const { results } = JSON.parse(untouched);
    expect(findings.teacher.heldOut.accuracy).toBeCloseTo(results.teacher.accuracy.mean, 9);
    expect(findings.trained.agreement.heldOut).toBeCloseTo(results.student.agreement.mean, 9);
    expect(findings.trained.kl.heldOut).toBeCloseTo(results.student.klToTeacher.mean, 9);
    expect(findings.trained.curve).toHaveLength(30);
    const { stdout } = await limbeck(["doctor", runDir]);
    expect(stdout).toMatch(/agree with the teacher +\d+\.\d% +\d+\.\d%/);
  });

  it("says what a folder lacks", async () => {
    const nothing = await limbeck(["doctor", temporaryFolder()]);
    expect(nothing.code).toBe(2);
    expect(nothing.stderr).toContain("RUN_INVALID");
    rmSync(join(teacherDir, "teacher.onnx"));
    const { code, stderr } = await limbeck(["doctor", teacherDir]);
    expect(code).toBe(2);
    expect(stderr).toContain("has no teacher yet");
  });
});
