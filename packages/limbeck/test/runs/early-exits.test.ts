import { readFileSync } from "node:fs";
import { join } from "node:path";
import { nodeBackend } from "@limbeck/graph/node";
import { distill, readRecipe, resume } from "limbeck";
import { beforeAll, expect, it } from "vitest";
import type { RunResults } from "../../src/evaluate/results.js";
import { fingerprint, limbeck, prepareRun, read, unlocked } from "./harness.js";

const EXITS = {
  teacher: undefined,
  distill: undefined,
  scheme: "early-exits",
  student: { model: { family: "mlp", hidden: [16, 8, 8] }, train: { epochs: 30, batchSize: 16, learningRate: 0.01 } },
};

const FILES = [
  ...["student", "student-exit1", "student-exit2", "student-exits"].map((name) => `${name}.onnx`),
  "checkpoints/student/seed-2.safetensors",
];

const { recipe, runDir } = prepareRun(EXITS);
let results: RunResults;
let stdout: string;
beforeAll(async () => {
  const ended = await limbeck(["run", recipe, "--out", runDir]);
  expect(ended.code, ended.stderr).toBe(0);
  ({ stdout } = ended);
  ({ results } = JSON.parse(readFileSync(join(runDir, "run.json"), "utf8")));
}, 300_000);

it("every exit is measured, and what it comes to when samples leave early", () => {
  expect(results.peers!.map(({ name, verdict }) => [name, verdict])).toEqual([
    ["exit1", null],
    ["exit2", null],
  ]);
  const { macs, rows } = results.exits!;
  expect(macs).toHaveLength(3);
  expect([...macs].sort((a, b) => a - b)).toEqual(macs);
  for (const { leaving } of rows) expect(leaving.reduce((a, b) => a + b)).toBeCloseTo(1, 8);
  const shares = rows.map(({ macsShare }) => macsShare.mean);
  expect([...shares].sort((a, b) => a - b)).toEqual(shares);
  expect(rows.at(-1)!.accuracy.mean).toBeGreaterThan(0.6);
  expect(results.verdict!.sentence).toMatch(/with early exits/);
});

it("the terminal and the report show it", () => {
  expect(stdout).toMatch(/confidence asked for +accuracy +mean MACs +leave at exit1 +leave at exit2 +to the end/);
  const report = readFileSync(join(runDir, "report.html"), "utf8");
  for (const text of ["Early exits", "Confidence asked for", "exit2"]) expect(report).toContain(text);
  expect(report).not.toContain("The other peers");
});

it("one file answers as all exits, each of which is a file of its own", async () => {
  const images = nodeBackend.tensor(
    "float32",
    Float32Array.from({ length: 72 }, (_, i) => i / 72),
    [2, 1, 6, 6],
  );
  const run = async (file: string) => {
    const session = await nodeBackend.createSession(readFileSync(join(runDir, file)), { threads: 1 });
    const answers = await session.run({ images });
    await session.release();
    return answers;
  };
  const all = await run("student-exits.onnx");
  expect(Object.keys(all).sort()).toEqual(["exit1", "exit2", "logits"]);
  for (const [output, file] of [
    ["exit1", "student-exit1.onnx"],
    ["exit2", "student-exit2.onnx"],
    ["logits", "student.onnx"],
  ] as const) {
    const alone = Array.from((await run(file)).logits!.data as Float32Array);
    Array.from(all[output]!.data as Float32Array).forEach((value, i) => {
      expect(value).toBeCloseTo(alone[i]!, 4);
    });
  }
});

it("a run that is stopped ends with the same bits", async () => {
  const again = prepareRun(EXITS);
  await read(
    distill(readRecipe(again.recipe), { runDir: again.runDir, reuse: false }),
    (event) => event.type === "progress" && event.phase === "student/seed-2" && event.step > 3,
  );
  await unlocked(again.runDir);
  await read(resume(again.runDir));
  expect(fingerprint(again.runDir, FILES)).toEqual(fingerprint(runDir, FILES));
}, 300_000);
