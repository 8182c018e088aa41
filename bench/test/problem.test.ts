import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { mlpProblem } from "../src/problems/mlp.js";
import { batchAt, parametersOf } from "../src/problems/problem.js";
import { readProblem, writeProblem } from "../src/process/tensor-file.js";

const folder = mkdtempSync(join(tmpdir(), "limbeck-bench-test-"));
afterAll(() => rmSync(folder, { recursive: true }));

const problem = mlpProblem({ sizes: [5, 4, 3], batch: 2, batches: 3, seed: 7 });

it("comes back from a file as it was", () => {
  const path = join(folder, "problem.safetensors");
  writeProblem(path, problem);
  expect(readProblem(path)).toEqual(problem);
});

it("is the same every time", () => {
  expect(mlpProblem({ sizes: [5, 4, 3], batch: 2, batches: 3, seed: 7 })).toEqual(problem);
});

it("has the parameters of each layer in turn", () => {
  const shapes = Object.entries(parametersOf(problem)).map(([name, { shape }]) => [name, shape]);
  expect(shapes).toEqual([
    ["fc1.weight", [4, 5]],
    ["fc1.bias", [4]],
    ["fc2.weight", [3, 4]],
    ["fc2.bias", [3]],
  ]);
});

it("feeds another batch at every step, and begins again after the last", () => {
  const batches = [0, 1, 2, 3].map((step) => batchAt(problem, step));
  expect(batches[0]!.images!.shape).toEqual([2, 5]);
  expect(batches[1]!.images!.data).toEqual(problem.tensors["batch/images"]!.data.slice(10, 20));
  expect(batches[1]).not.toEqual(batches[0]);
  expect(batches[3]).toEqual(batches[0]);
});
