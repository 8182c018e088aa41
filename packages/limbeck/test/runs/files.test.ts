import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createGraph, ops, randomStream, toOnnx } from "@limbeck/graph";
import { describe, expect, it } from "vitest";
import type { RunResults } from "../../src/evaluate/results.js";
import { problemOf } from "../recipe/problem-of.js";
import { limbeck, temporaryFolder } from "./harness.js";

const LENGTH = 16;

/** Tells files by their first byte: below 64, below 128, above. */
function writeTeacher(path: string, length = LENGTH): void {
  const graph = createGraph();
  const bytes = graph.input("bytes", "int32", [1, length]);
  const first = ops.mul(ops.cast(ops.slice(bytes, [0], [1], [1]), "float32"), 1 / 64);
  const distance = (place: number) => ops.neg(ops.mul(ops.abs(ops.sub(first, place)), 4));
  graph.output("kinds", ops.softmax(ops.concat([distance(0.5), distance(1.5), distance(3)], 1), 1));
  writeFileSync(path, toOnnx(graph, { symbols: { bytes: { 0: "n" }, kinds: { 0: "n" } } }));
}

function prepare(changes: object = {}) {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "files"));
  const random = randomStream(5);
  for (let i = 0; i < 160; i++) {
    const content = Uint8Array.from({ length: 4 + random.below(20) }, () => random.below(256));
    writeFileSync(join(folder, "files", `${i}.bin`), content);
  }
  writeTeacher(join(folder, "teacher.onnx"));
  const recipe = join(folder, "files.yaml");
  const small = {
    name: "files",
    seeds: 1,
    data: { source: { files: "files", first: 12, last: 4, trim: false, classes: ["low", "middle", "high"] }, test: 40 },
    teacher: { onnx: "teacher.onnx" },
    student: {
      model: { family: "bytes", embedding: 4, patch: 1, channels: [8], kernel: 1 },
      train: { epochs: 2, batchSize: 16, learningRate: 0.01 },
    },
  };
  writeFileSync(recipe, JSON.stringify({ ...small, ...changes }));
  return { recipe, folder, runDir: join(folder, "run") };
}

describe("a run over files", () => {
  it("takes the teacher's answers for labels and ends with a student of bytes", async () => {
    const { recipe, runDir } = prepare();
    const { code, stderr } = await limbeck(["run", recipe, "--out", runDir]);
    expect([code, stderr]).toEqual([0, ""]);
    const results: RunResults = JSON.parse(readFileSync(join(runDir, "run.json"), "utf8")).results;
    expect(results.teacher!.errors).toEqual([0]);
    expect(results.student.agreement!.mean).toBeCloseTo(results.student.accuracy.mean);
    const text = readFileSync(join(runDir, "report.html"), "utf8");
    for (const name of ["low", "middle", "high"]) expect(text).toContain(name);
  });

  it("needs a teacher of such samples, with the classes that were named", async () => {
    const { recipe, folder, runDir } = prepare();
    writeTeacher(join(folder, "teacher.onnx"), LENGTH + 1);
    const { code, stderr } = await limbeck(["run", recipe, "--out", runDir]);
    expect(code).toBe(2);
    expect(stderr).toContain(`input bytes takes rows of ${LENGTH + 1} values, and a sample has ${LENGTH}`);
    const other = prepare({ data: { source: { files: "files", first: 12, last: 4, classes: ["a", "b"] }, test: 40 } });
    const wrong = await limbeck(["run", other.recipe, "--out", other.runDir]);
    expect(wrong.stderr).toContain("data.source.classes has 2 names, and the teacher 3 classes");
  });

  it("is refused without an ONNX teacher, and with augmentations", () => {
    const model = { family: "mlp", hidden: [4] };
    const untold = prepare({ teacher: { model, train: { epochs: 1 } } }).recipe;
    expect(problemOf(readFileSync(untold, "utf8"))).toContain("files have the teacher's answers for labels");
    const student = { model, train: { epochs: 1, augment: [{ name: "flip" }] } };
    expect(problemOf(readFileSync(prepare({ student }).recipe, "utf8"))).toContain(
      "this source has files; leave it out",
    );
  });
});
