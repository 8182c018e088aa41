import { readFileSync } from "node:fs";
import { join } from "node:path";
import { distill, readRecipe, resume, type TeacherQuestion } from "limbeck";
import { describe, expect, it } from "vitest";
import { functionTeacher } from "../../src/teachers/black-box/function.js";
import { functionTeacherOptions } from "../../src/teachers/black-box/options.js";
import { prepareRun, read } from "./harness.js";

const recipeOf = () =>
  prepareRun({
    teacher: { function: "corners v1", batch: 50, concurrency: 3 },
    student: { model: { family: "mlp", hidden: [8] }, train: { epochs: 2, batchSize: 16 } },
    distill: [{ loss: "kd" }],
    seeds: 1,
    baseline: false,
  });

const corners = ({ images, count }: TeacherQuestion) =>
  Array.from({ length: count }, (_, i) => [0, 5, 30, 35].map((place) => 4 * images[36 * i + place]!));

it("a function of the program teaches, and is asked again only for what it has not answered", {
  timeout: 60_000,
}, async () => {
  const { recipe, runDir } = recipeOf();
  let questions = 0;
  const failing = async (question: TeacherQuestion) => {
    questions += 1;
    if (questions > 4) throw new Error("the model was unloaded");
    return corners(question);
  };
  await expect(read(distill(readRecipe(recipe), { runDir, threads: 1, teacher: failing }))).rejects.toMatchObject({
    code: "TEACHER_FAILED",
    message: expect.stringContaining("the model was unloaded"),
  });
  let answered = 0;
  const teacher = async (question: TeacherQuestion) => {
    answered += question.count;
    expect(question).toMatchObject({ channels: 1, height: 6, width: 6, isTable: false });
    return Float32Array.from(corners(question).flat());
  };
  await expect(read(resume(runDir))).rejects.toMatchObject({
    code: "TEACHER_FAILED",
    message: expect.stringContaining("was given none"),
  });
  const events = await read(resume(runDir, { teacher }));
  expect(events.at(-1)).toMatchObject({ status: "done" });
  expect(answered).toBe(400 - 200);
  const { results } = JSON.parse(readFileSync(join(runDir, "run.json"), "utf8"));
  expect(results.teacher.parameters).toBe(null);
});

describe("what a function gives is checked", () => {
  const shape = { channels: 1, height: 2, width: 2 };
  const question = { images: new Float32Array(8), count: 2, ...shape, classes: ["a", "b", "c"], isTable: false };
  const ask = async (answer: unknown) => {
    const box = functionTeacher(functionTeacherOptions.parse({ function: "f" }), () => answer as never);
    return box.answer(question, 3, new AbortController().signal);
  };

  it("and rows and flat arrays are the same", async () => {
    const rows = [Float32Array.of(1, 2, 3), [4, 5, 6]];
    expect(await ask(rows)).toEqual(await ask([1, 2, 3, 4, 5, 6]));
  });

  it.each([
    [undefined, /gives no array/],
    [[[1, 2, 3]], /gives 1 rows, not 2 of 3 numbers/],
    [[[1, 2, 3], [1]], /gives 2 rows, not 2 of 3 numbers/],
    [[1, 2, 3], /gives 3 numbers for 2 samples of 3 classes/],
    [[1, 2, 3, 4, 5, Number.NaN], /no finite number/],
    [[[1, 2, 3], null], /gives 2 rows/],
  ])("%j", async (answer, message) => {
    await expect(ask(answer)).rejects.toMatchObject({
      code: "TEACHER_FAILED",
      message: expect.stringMatching(message),
    });
  });

  it("and need not be waited for", async () => {
    const box = functionTeacher(functionTeacherOptions.parse({ function: "f" }), () => new Promise(() => {}));
    await expect(box.answer(question, 3, AbortSignal.timeout(20))).rejects.toThrow(/abort|timeout/i);
  });
});
