import { join } from "node:path";
import { distill, parseRecipe, readRecipe } from "limbeck";
import { beforeAll, describe, expect, it } from "vitest";
import { RunFolder } from "../../src/runs/folder.js";
import { checkInitial } from "../../src/runs/initial.js";
import { loadSamples } from "../../src/runs/samples.js";
import { teacherOf } from "../../src/runs/teacher.js";
import { readSafetensors } from "../../src/support/safetensors.js";
import { prepareRun, read, temporaryFolder } from "./harness.js";

const mlp = (hidden: number[]) => ({ family: "mlp", hidden });
/** Steps that change no number of single precision. */
const still = { epochs: 1, batchSize: 32, learningRate: 1e-12 };
const teacher = { model: mlp([12]), train: { epochs: 5, batchSize: 32 } };

describe("a student that starts from its teacher", () => {
  const student = { model: mlp([8]), train: still, initial: { from: "teacher" } };
  const variants = [{ name: "drawn", initial: false, baseline: false }];
  const { recipe, runDir } = prepareRun({ teacher, student, variants, seeds: 1 });
  const values = (phase: string) => readSafetensors(join(runDir, "checkpoints", `${phase}.safetensors`)).tensors;
  beforeAll(async () => {
    await read(distill(readRecipe(recipe), { runDir, threads: 1 }));
  }, 120_000);

  it("has the first of its units, with their inputs and outputs, and so has the baseline", () => {
    const donor = values("teacher");
    for (const arm of ["student", "baseline"]) {
      const own = values(`${arm}/seed-2`);
      expect(Object.keys(own)).toEqual(Object.keys(donor));
      for (const [name, { shape, data }] of Object.entries(own)) {
        const wide = donor[name]!.shape[1] ?? 1;
        const expected = Array.from(data, (_, i) => {
          const width = shape[1] ?? 1;
          return donor[name]!.data[Math.floor(i / width) * wide + (i % width)];
        });
        expect([...data], name).toEqual(expected);
      }
    }
  });

  it("starts from drawn numbers in a variant that says so", () => {
    const names = Object.keys(values("teacher"));
    const [own, drawn] = [values("student/seed-2"), values("drawn/student/seed-2")];
    expect(names.every((name) => String(own[name]!.data) !== String(drawn[name]!.data))).toBe(true);
  });
});

describe("a student that starts from a file", () => {
  const changes = { teacher, distill: undefined, seeds: 1 };
  const check = async (initial: object) => {
    const given = prepareRun({ ...changes, student: { model: mlp([8]), train: still, initial } });
    const run = RunFolder.create(given.runDir, readRecipe(given.recipe), { threads: 1, goal: "report", reuse: false });
    const samples = await loadSamples(run.recipe(), new AbortController().signal);
    return () => checkInitial(run, run.recipe(), samples, teacherOf(run.recipe(), samples));
  };

  it.each([
    [
      { from: "teacher", layers: { "layers.*": "layer.*" } },
      /recipe\.yaml:\d+:\d+ student\.initial\.layers: the donor has no tensor/,
    ],
    [{ from: "missing.onnx" }, /missing\.onnx does not exist/],
  ])("%j is told before anything is trained", async (initial, message) => {
    await expect((await check(initial))()).rejects.toThrow(message);
  });

  it.each([
    ["{ teacher: none, from: teacher }", /unknown key "teacher"/],
    ["{ from: teacher }", /student\.initial\.from: there is no teacher/],
    ["{ from: a.onnx, layers: { 'a.*': b } }", /t\.yaml:\d+:\d+ student\.initial\.layers\.a\.\*: .* has 1 \*/],
    ["{ form: a.onnx }", /unknown key "form"; did you mean "from"/],
  ])("%s", (initial, message) => {
    const text = `{ name: t, data: { source: digits }, distill: [{ loss: cross-entropy }], student: { model: { family: mlp, hidden: [4] }, train: { epochs: 1 }, initial: ${initial} } }`;
    expect(() => parseRecipe(text, join(temporaryFolder(), "t.yaml"))).toThrow(message);
  });

  it("names it relative to the recipe", () => {
    const text = `{ name: t, data: { source: digits }, distill: [{ loss: cross-entropy }], student: { model: { family: mlp, hidden: [4] }, train: { epochs: 1 }, initial: { from: a.onnx } } }`;
    const { student } = parseRecipe(text, join(temporaryFolder(), "t.yaml"));
    expect(student.initial).toEqual({ from: expect.stringMatching(/^\/.*\/a\.onnx$/), layers: { "*": "*" } });
  });
});
