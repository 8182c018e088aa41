import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createGraph, ops, toOnnx } from "@limbeck/graph";
import { distill, evaluateModels, readRecipe } from "limbeck";
import { describe, expect, it } from "vitest";
import { writeTones } from "../data/audio.js";
import { problemOf } from "../recipe/problem-of.js";
import { limbeck, temporaryFolder } from "./harness.js";

const model = { family: "mlp", hidden: [8] };
const train = { epochs: 4, batchSize: 6, learningRate: 0.01 };

function prepare(source: object = {}, changes: object = {}) {
  const folder = temporaryFolder();
  writeTones(join(folder, "tones"), 10);
  writeTones(join(folder, "others"), 4, 100);
  const recipe = join(folder, "tones.json");
  const small = {
    name: "tones",
    seeds: 1,
    baseline: false,
    data: { source: { audio: "tones", test: "others", duration: 0.25, sampleRate: 8000, mels: 12, ...source } },
    teacher: { model, train: { ...train, augment: [{ name: "time-shift" }, { name: "noise" }, { name: "mask" }] } },
    student: { model, train: { ...train, augment: [{ name: "mask", bandWidth: 2 }, { name: "mixup" }] } },
    ...changes,
  };
  writeFileSync(recipe, JSON.stringify(small));
  return { recipe, folder, runDir: join(folder, "run") };
}

/** Knows high, low and middle tones by their loudest bands. */
function writeTeacher(path: string): void {
  const graph = createGraph();
  const sound = graph.input("sound", "float32", [1, 1, 12, 23]);
  const bands = ops.reduceMean(sound, { axes: [1, 3] });
  const loudest = (first: number, end: number) =>
    ops.reduceMax(ops.slice(bands, [first], [end], [1]), { axes: [1], keepdims: true });
  graph.output("pitches", ops.concat([loudest(7, 12), loudest(0, 3), loudest(3, 7)], 1));
  writeFileSync(path, toOnnx(graph, { symbols: { sound: { 0: "n" }, pitches: { 0: "n" } } }));
}

const runOf = (runDir: string) => JSON.parse(readFileSync(join(runDir, "run.json"), "utf8"));

describe("a run over folders of sounds", () => {
  it("learns their classes, and says what it reads", async () => {
    const { recipe, runDir } = prepare();
    const { code, stdout, stderr } = await limbeck(["run", recipe, "--out", runDir]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("42 sounds of 1 × 12 × 23 take 46.4 kB of memory");
    expect(stdout).toMatch(/done {2}reading sounds +\d/);
    expect(runOf(runDir).results.student.accuracy.mean).toBeGreaterThan(0.8);
    expect(runOf(runDir).samples).toMatchObject({
      kind: "sound",
      sound: { features: "log-mel", window: 200, hop: 80 },
    });
    expect(readFileSync(join(runDir, "report.html"), "utf8")).toContain("middle");
    const { data, models } = await evaluateModels({ data: runDir, skip: ["cost"], resamples: 50 });
    expect(data.kind).toBe("sound");
    const { results } = runOf(runDir);
    expect(models.map(({ task }) => task.accuracy.value)).toEqual([
      results.teacher.accuracy.mean,
      results.student.accuracy.mean,
    ]);
  });

  it("may have others that nobody labelled but the teacher", async () => {
    const teacher = { onnx: "teacher.onnx" };
    const { recipe, folder, runDir } = prepare({ unlabelled: "found" }, { teacher });
    writeTones(join(folder, "found"), 5, 300);
    writeTeacher(join(folder, "teacher.onnx"));
    for await (const _ of distill(readRecipe(recipe), { runDir, threads: 1 }));
    const { results } = runOf(runDir);
    expect(results.teacher.errors).toEqual([0]);
    expect(results.trainedOn.student).toContain("45 sounds, 15 of which only the teacher has labelled");
  });

  it("leaves corrupt files out and lists them; windows of a file are not parted", async () => {
    const source = { test: undefined, longer: "windows", duration: 0.1, features: "waveform", corrupt: "skip" };
    const { recipe, folder, runDir } = prepare(source, { data: undefined });
    const given = JSON.parse(readFileSync(recipe, "utf8"));
    const data = { source: { audio: "tones", sampleRate: 8000, ...source }, test: 12 };
    const plain = { model, train };
    writeFileSync(recipe, JSON.stringify({ ...given, data, teacher: plain, student: plain }));
    const broken = join(folder, "tones", "low", "3.wav");
    writeFileSync(broken, readFileSync(broken).subarray(0, 60));
    const { code, stdout, stderr } = await limbeck(["run", recipe, "--out", runDir]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("88 sounds of 1 × 1 × 800 out of 30 files");
    expect(stdout).toContain(`1 corrupt sound was left out:\n  ${broken}: is cut short`);
    expect(runOf(runDir).samples).toMatchObject({ kind: "sound", trainSize: 75, testSize: 12 });
  });

  it.each<[string, object, object]>([
    ["data.source.duration a frame of 0.5 s does not fit into 0.25 s", { frame: 0.5 }, {}],
    ["data.source.step is of windows", { step: 1 }, {}],
    [
      "student.train.augment[0] flip changes images, and this source has sounds",
      {},
      {
        student: { model, train: { epochs: 1, augment: [{ name: "flip" }] } },
      },
    ],
    [
      "data.source.unlabelled what is unlabelled has the teacher's answers for labels",
      { unlabelled: "found" },
      { teacher: { function: "anyone v1" } },
    ],
    ["scheme nothing makes sounds yet", {}, { scheme: { name: "dfad" }, baseline: true }],
    ["student.train.augment[0] mask changes sounds, and this source has images", {}, { data: { source: "digits" } }],
  ])("is refused: %s", (problem, source, changes) => {
    const { recipe } = prepare(source, changes);
    expect(problemOf(readFileSync(recipe, "utf8"))).toContain(problem);
  });
});
