import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
// Processes start from compiled code.
import { mlpProblem } from "../dist/problems/mlp.js";
import { writeProblem } from "../dist/process/tensor-file.js";
import { rows } from "../dist/rows/index.js";
import { assertAgreement } from "../src/agreement.js";

const PLAN = { warmupSeconds: 0, seconds: 0, minSteps: 2, maxSteps: 2 };
const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "limbeck-bench-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("student-mlp, tiny, in processes", () => {
  const row = rows.find(({ name }) => name === "student-mlp")!;
  const task = { plan: PLAN, problem: join(folder, "problem.safetensors") };
  writeProblem(task.problem, mlpProblem({ sizes: [6, 8, 7, 4], batch: 5, batches: 2, seed: 3 }));
  const ours = row.ours(task);

  it("has its peers", () => {
    expect(row.peers.map(({ name }) => name)).toEqual(["jax-js", "jax-js-workers", "pytorch"]);
  });

  it.for(row.peers)("$name computes what we compute", async ({ name, measure }, { skip }) => {
    const sample = await measure(task);
    if ("absent" in sample) return skip(sample.absent);
    assertAgreement(name, sample.losses, (await ours).losses);
    expect(sample).toMatchObject({ steps: 2, value: expect.any(Number), about: expect.any(String) });
    expect(sample.peakBytes).toBeGreaterThan(1e6);
  });
});

describe("the command line", () => {
  it("exits with 2 and the names when a row is unknown, printing nothing on standard output", async () => {
    const failed = promisify(execFile)(process.execPath, [main, "--json", "--only", "nothing"]);
    await expect(failed).rejects.toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining("student-mlp") });
  });

  it("prints its help", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [main, "--help"]);
    expect(stdout).toContain("student-mlp: ");
  });
});
