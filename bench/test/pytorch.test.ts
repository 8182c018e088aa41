import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { start as startEncoder } from "../src/ours/encoder.js";
import { start as startMlp } from "../src/ours/mlp.js";
import { start as startResnet } from "../src/ours/resnet.js";
import { encoderProblem } from "../src/problems/encoder.js";
import { mlpProblem } from "../src/problems/mlp.js";
import { resnetProblem } from "../src/problems/resnet.js";
import { measureInPython } from "../src/process/python.js";
import { writeProblem } from "../src/process/tensor-file.js";
import type { TrainerModule } from "../src/process/trainer.js";
import { CHECKED_STEPS, isAbsent, type Problem } from "../src/row.js";

const folder = mkdtempSync(join(tmpdir(), "limbeck-bench-pytorch-"));
afterAll(() => rmSync(folder, { recursive: true }));

const batches = { batch: 4, batches: 2, seed: 2 };
const images = { depth: 8, classes: 5, size: 16, ...batches };
const text = { layers: 1, width: 16, heads: 2, tokens: 6, vocabulary: 50, classes: 3, ...batches };
const cases: readonly (readonly [string, Problem, TrainerModule["start"]])[] = [
  ["mlp", mlpProblem({ sizes: [6, 8, 4], ...batches }), startMlp],
  ["resnet", resnetProblem(images), startResnet],
  ["resnet", resnetProblem({ ...images, teacherDepth: 14 }), startResnet],
  ["encoder", encoderProblem(text), startEncoder],
  ["encoder", encoderProblem({ ...text, teacherLayers: 2 }), startEncoder],
];

it.each(cases)("PyTorch and we compute the same losses of a tiny %s, case %#", async (name, problem, start) => {
  const path = join(folder, `${name}.safetensors`);
  writeProblem(path, problem);
  const script = new URL(`../src/peers/${name}.py`, import.meta.url);
  const plan = { warmupSeconds: 0, seconds: 0, minSteps: 1, maxSteps: 1 };
  const theirs = await measureInPython(script, { plan, problem: path }, 1);
  const ours = await start(problem);
  const losses: number[] = [];
  for (let step = 0; step < CHECKED_STEPS; step++) losses.push(await ours.step(step));
  expect(new Set(losses).size).toBe(CHECKED_STEPS);
  if (isAbsent(theirs)) return;
  theirs.losses.forEach((loss, step) => {
    expect(Math.abs(loss - losses[step]!) / loss, `step ${step}`).toBeLessThan(5e-4);
  });
});
