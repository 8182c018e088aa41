import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { distill, readRecipe, resume, type TeacherQuestion } from "limbeck";
import { expect, it } from "vitest";
import { recipeSchema } from "../../src/recipe/schema.js";
import { RunFolder } from "../../src/runs/folder.js";
import { loadSamples } from "../../src/runs/samples.js";
import { read, temporaryFolder } from "./harness.js";

const CLASSES = ["long", "short"];
const words = (count: number, word: string) => Array.from({ length: count }, (_, i) => `${word} ${i}`);

/** Few texts with classes, and more without. */
function recipeOf(changes: object = {}) {
  const folder = temporaryFolder();
  const put = (name: string, lines: readonly string[]) => {
    writeFileSync(join(folder, name), lines.join("\n"));
    return join(folder, name);
  };
  const labelled = [
    ...words(15, "a short one").map((text) => `${text},short`),
    ...words(15, "what goes on and on and on").map((text) => `${text},long`),
  ];
  const texts = put("texts.csv", ["text,label", ...labelled]);
  const unlabelled = put("more.csv", [
    "text",
    ...words(20, "tiny"),
    ...words(20, "something that has many words and more than others"),
  ]);
  const recipe = put("recipe.yaml", [
    JSON.stringify({
      name: "texts",
      data: { source: { texts, unlabelled, bytes: 64 }, test: 10 },
      teacher: { function: "counts words", batch: 8 },
      student: {
        model: { family: "ngrams", lengths: [1, 2], buckets: 128, embedding: 4 },
        train: { epochs: 8, batchSize: 10, learningRate: 0.05 },
      },
      distill: [{ loss: "kd", temperature: 2 }, { loss: "cross-entropy" }],
      seeds: 1,
      ...changes,
    }),
  ]);
  return { recipe, runDir: join(folder, "run") };
}

it("a function is asked for texts, once each, and labels those that nobody has labelled", {
  timeout: 60_000,
}, async () => {
  const { recipe, runDir } = recipeOf();
  const asked: string[] = [];
  let isWell = false;
  const teacher = ({ texts, isTable }: TeacherQuestion) => {
    if (!isWell && asked.length > 20) throw new Error("the quota is used up");
    expect(isTable).toBe(false);
    asked.push(...texts!);
    return texts!.map((text) => CLASSES.map((name) => (text.length > 20 === (name === "long") ? 3 : -3)));
  };
  await expect(read(distill(readRecipe(recipe), { runDir, threads: 1, teacher }))).rejects.toMatchObject({
    code: "TEACHER_FAILED",
  });
  isWell = true;
  await read(resume(runDir, { teacher }));
  expect(new Set(asked).size).toBe(asked.length);
  expect(asked).toContain("something that has many words and more than others 7");
  expect(asked).toHaveLength(30 + 40);
  const { results, samples } = RunFolder.open(runDir).readRun();
  expect(samples).toMatchObject({ kind: "text", text: { bytes: 64, lowercase: true }, classes: CLASSES });
  expect(results).toMatchObject({
    trainedOn: { student: "60 texts, 40 of which only the teacher has labelled", baseline: "the 20 labelled texts" },
    student: { errors: [0] },
  });
});

it("what is for testing is not learned from, wherever it lies and however it is written", async () => {
  const folder = temporaryFolder();
  const put = (name: string, lines: readonly string[]) => writeFileSync(join(folder, name), lines.join("\n"));
  put("a.csv", ["text,label", "one,x", "two,y"]);
  put("test.csv", ["text,label", "Three,x", "four  times,y"]);
  put("more.txt", ["THREE", "four times", "one", "five", "Five", "six"]);
  const source = { texts: join(folder, "*.csv"), test: join(folder, "test.csv"), unlabelled: join(folder, "more.txt") };
  const { data, seed, scheme, teacher } = recipeSchema.parse({
    name: "t",
    data: { source },
    teacher: { function: "f" },
    student: { model: { family: "ngrams" }, train: { epochs: 1 } },
  });
  const { train, test } = await loadSamples({ data, seed, scheme, teacher }, new AbortController().signal);
  expect(train.dataset.texts).toEqual(["one", "two", "five", "six"]);
  expect(test.dataset.texts).toEqual(["Three", "four  times"]);
});

it("n-grams are no family for images", () => {
  const parsed = recipeSchema.safeParse({
    name: "t",
    data: { source: "digits", test: 10 },
    teacher: { model: { family: "lenet" }, train: { epochs: 1 } },
    student: { model: { family: "ngrams" }, train: { epochs: 1 } },
  });
  expect(parsed.error!.issues.map((issue) => issue.message).join()).toContain("ngrams reads bytes of texts");
});

it.each<[string, object, RegExp]>([
  [
    "augmentations",
    { student: { model: { family: "ngrams" }, train: { epochs: 1, augment: [{ name: "flip" }] } } },
    /this source has texts/,
  ],
  ["a scheme that makes samples", { scheme: { name: "dfad" }, teacher: { onnx: "t.onnx" } }, /nothing makes texts yet/],
  ["unlabelled texts without a teacher", { teacher: undefined }, /what is unlabelled has the teacher's answers/],
])("what there is not for texts is refused: %s", (_, changes, message) => {
  const data = { source: { texts: "a.csv", unlabelled: "b.csv" }, test: 10 };
  const student = { model: { family: "ngrams" }, train: { epochs: 1 } };
  const parsed = recipeSchema.safeParse({ name: "t", data, teacher: { function: "f" }, student, ...changes });
  expect(parsed.success).toBe(false);
  expect(parsed.error!.issues.map((issue) => issue.message).join("\n")).toMatch(message);
});
