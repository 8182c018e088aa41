import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { distill, parseRecipe, type Recipe, type RunEvent, readRecipe, resume } from "limbeck";
import { beforeAll, describe, expect, it } from "vitest";
import { buildModel } from "../../src/models/index.js";
import { toOnnxModel } from "../../src/models/inference.js";
import { initialize } from "../../src/models/model.js";
import { checkArms } from "../../src/runs/checks.js";
import { loadSamples } from "../../src/runs/samples.js";
import { sha256 } from "../../src/support/hash.js";
import { openOnnxTeacher } from "../../src/teachers/onnx/teacher.js";
import { prepareRun, read, temporaryFolder } from "./harness.js";

const GEOMETRY = { channels: 1, height: 12, width: 12 };

/** A network that nobody trained, for larger images than the run has. */
function writeTeacher(folder: string, seed = 1): string {
  const model = buildModel({ family: "resnet", depth: 8 }, GEOMETRY, 4);
  const path = join(folder, "given.onnx");
  writeFileSync(path, toOnnxModel(model, GEOMETRY, initialize(model, seed)));
  return path;
}

const student = { model: { family: "resnet", depth: 8, width: 0.25 }, train: { epochs: 1, batchSize: 16 } };

function prepare(distill: readonly object[]) {
  const given = prepareRun({ teacher: { onnx: "given.onnx", range: [-1, 1] }, student, distill, seeds: 1 });
  return { ...given, onnx: writeTeacher(given.folder) };
}

describe("a run whose teacher is an ONNX file", () => {
  const { recipe, runDir, onnx } = prepare([
    { loss: "kd" },
    { loss: "fitnets", student: "stage2", teacher: "relu_5*", weight: 1e-4 },
    { loss: "cam" },
  ]);
  let events: RunEvent[];
  beforeAll(async () => {
    events = await read(distill(readRecipe(recipe), { runDir }));
  }, 300_000);

  it("trains no teacher, needs none of its answers stored, and looks inside of it", () => {
    const phases = events.flatMap((event) => (event.type === "phase-start" ? [event.phase] : []));
    expect(phases).toEqual(["student/seed-2", "baseline/seed-2", "evaluate"]);
    const epoch = events.find((event) => event.type === "epoch");
    expect(Object.keys(epoch!.losses).sort()).toEqual(["cam", "fitnets", "kd", "loss"]);
  });

  it("measures, exports and records it", () => {
    const { results, teacherSha256 } = JSON.parse(readFileSync(join(runDir, "run.json"), "utf8"));
    expect(results.teacher.parameters).toBe(76_804);
    expect(results.teacher.errors).toHaveLength(1);
    expect(teacherSha256).toBe(sha256(readFileSync(onnx)));
    const report = readFileSync(join(runDir, "report.html"), "utf8");
    expect(report).toContain(`given.onnx, sha256 ${teacherSha256}`);
    expect(existsSync(join(runDir, "teacher.onnx"))).toBe(true);
  });
});

it("a run does not go on with another teacher", { timeout: 300_000 }, async () => {
  const { folder, recipe, runDir } = prepare([{ loss: "kd" }]);
  await read(distill(readRecipe(recipe), { runDir }), (event) => event.type === "phase-end");
  for (let waited = 0; existsSync(join(runDir, ".lock")) && waited < 400; waited++) await sleep(25);
  writeTeacher(folder, 2);
  await expect(read(resume(runDir))).rejects.toMatchObject({
    code: "RUN_INVALID",
    message: expect.stringContaining("another file than when the run began"),
  });
});

describe("taps of an ONNX teacher", () => {
  const { recipe: path, onnx } = prepare([{ loss: "kd" }]);
  const check = async (tap: string) => {
    const recipe = readRecipe(path);
    const distill = [{ loss: "fitnets", weight: 1, regressor: "convolution", student: "stage2", teacher: tap }];
    const wanted = { ...recipe, distill: [...recipe.distill, ...distill] } as Recipe;
    const samples = await loadSamples(wanted, new AbortController().signal);
    const { model } = await openOnnxTeacher({ onnx }, samples.train.dataset, 4, [16]);
    checkArms(wanted, samples, { model });
  };

  it.each([
    ["relu_*", /"relu_\*" fits 7 values of the teacher: relu_1, relu_2/, /Name one/],
    ["layer2/relu", /the teacher has no tap "layer2\/relu"/, /Use one of .*relu_.*limbeck inspect FILE --taps/],
  ])("%s", async (tap, message, fix) => {
    await expect(check(tap)).rejects.toMatchObject({
      code: "TAP_UNKNOWN",
      message: expect.stringMatching(message),
      fix: expect.stringMatching(fix),
    });
  });
});

describe("recipes with an ONNX teacher", () => {
  const parse = (teacher: string) =>
    parseRecipe(
      `{ name: t, data: { source: digits }, student: { model: { family: mlp, hidden: [4] }, train: { epochs: 1 } }, teacher: ${teacher} }`,
      join(temporaryFolder(), "t.yaml"),
    );

  it("name it relative to themselves", () => {
    expect(parse("{ onnx: a/b.onnx }").teacher).toMatchObject({ onnx: expect.stringMatching(/^\/.*\/a\/b\.onnx$/) });
  });

  it.each([
    ["{ onnx: a.onnx, rnage: [0, 255] }", /unknown key "rnage"; did you mean "range"\?/],
    ["{ onnx: a.onnx, range: [0] }", /teacher\.range/],
    ["{ model: { family: mlp }, trian: { epochs: 1 } }", /unknown key "trian"; did you mean "train"\?/],
    ["{ model: { family: mlp } }", /teacher\.train: is missing/],
  ])("%s", (teacher, message) => {
    expect(() => parse(teacher)).toThrow(message);
  });
});
