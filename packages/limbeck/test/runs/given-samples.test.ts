import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomStream } from "@limbeck/graph";
import { distill, parseRecipe, resume, type Sample } from "limbeck";
import { describe, expect, it } from "vitest";
import { problemOf } from "../recipe/problem-of.js";
import { limbeck, read, temporaryFolder, unlocked } from "./harness.js";

const model = { family: "mlp", hidden: [8] };
const train = { epochs: 12, batchSize: 8, learningRate: 0.05 };

function recipeText(source: object, changes: object = {}): string {
  const data = { source, test: 20 };
  const small = {
    name: "given",
    seeds: 1,
    baseline: false,
    data,
    teacher: { model, train },
    student: { model, train },
  };
  return JSON.stringify({ ...small, ...changes });
}

function prepare(source: object, changes: object = {}) {
  const folder = temporaryFolder();
  return { recipe: parseRecipe(recipeText(source, changes), join(folder, "recipe.json")), runDir: join(folder, "run") };
}

/** Dark images and bright ones, two by four pixels, one at a time. */
async function* images(count = 60): AsyncGenerator<Sample> {
  const random = randomStream(3);
  for (let i = 0; i < count; i++) {
    const image = Uint8Array.from({ length: 8 }, () => (i % 2) * 120 + random.below(100));
    yield { image, label: i % 2 ? "bright" : "dark" };
  }
}

const IMAGES = { iterable: "lamps v1", shape: [1, 2, 4] };

/** What an action ends in, as plain data. */
async function errorOf(action: () => Promise<unknown>): Promise<Record<string, unknown>> {
  const error = await action().then(
    () => new Error("nothing was thrown"),
    (thrown: Error) => thrown,
  );
  return { ...error, message: error.message };
}

const resultsOf = (runDir: string) => JSON.parse(readFileSync(join(runDir, "run.json"), "utf8"));

describe("samples that a program gives", () => {
  it("are kept in the run folder, which can be moved, evaluated and gone on with", { timeout: 60_000 }, async () => {
    const { recipe, runDir } = prepare(IMAGES);
    const stopped = await read(
      distill(recipe, { runDir, threads: 1, samples: images() }),
      (event) => event.type === "epoch",
    );
    expect(stopped.at(-1)!.type).toBe("epoch");
    await unlocked(runDir);
    const moved = join(temporaryFolder(), "moved");
    renameSync(runDir, moved);
    const events = await read(resume(moved));
    expect(events.at(-1)).toMatchObject({ type: "run-end", status: "done" });
    const { results, samples } = resultsOf(moved);
    expect([results.student.testSize, results.student.accuracy.mean]).toEqual([20, 1]);
    expect(samples).toMatchObject({ kind: "image", channels: 1, height: 2, width: 4, classes: ["bright", "dark"] });
    const { code } = await limbeck([
      "evaluate",
      join(moved, "student.onnx"),
      "--data",
      moved,
      "--skip",
      "robustness,cost",
    ]);
    expect(code).toBe(0);
    const labels = join(moved, "samples", "labels.npy");
    const bytes = readFileSync(labels);
    bytes[bytes.length - 1] = 1 - bytes.at(-1)!;
    writeFileSync(labels, bytes);
    await expect(read(resume(moved))).rejects.toMatchObject({
      code: "RUN_INVALID",
      message: expect.stringContaining("other data"),
    });
  });

  it("may be rows, with classes by their places", { timeout: 60_000 }, async () => {
    const { recipe, runDir } = prepare({ iterable: "rows v1", classes: ["low", "high"] });
    const random = randomStream(4);
    const samples = Array.from({ length: 60 }, (_, i) => ({
      row: [1000 * (i % 2) + random.below(500), random.below(9) / 8],
      label: i % 2,
    }));
    const events = await read(distill(recipe, { runDir, threads: 1, samples }));
    expect(events.at(-1)).toMatchObject({ status: "done" });
    const { results, samples: facts } = resultsOf(runDir);
    expect(results.student.accuracy.mean).toBe(1);
    expect(facts).toMatchObject({ kind: "row", channels: 2, classes: ["low", "high"] });
  });

  it.each<[string, object, unknown[], RegExp]>([
    ["another length", IMAGES, [{ image: new Uint8Array(5), label: "a" }], /lamps v1, sample 1 has 5 values, not 8/],
    ["another kind", IMAGES, [{ row: [1], label: "a" }], /sample 1 has no bytes as its image/],
    ["nothing", IMAGES, [undefined], /sample 1 has no bytes/],
    ["no numbers", { iterable: "r" }, [{ row: [1, Number.NaN], label: 0 }], /sample 1 has NaN as its number 2/],
    [
      "rows of two lengths",
      { iterable: "r" },
      [
        { row: [1], label: 0 },
        { row: [1, 2], label: 1 },
      ],
      /sample 2 has 2 values/,
    ],
    ["no label", { iterable: "r" }, [{ row: [1] }], /sample 1 has the label undefined/],
    ["a label of no class", { iterable: "r", classes: ["a", "b"] }, [{ row: [1], label: 2 }], /has the label 2/],
    ["a name of no class", { iterable: "r", classes: ["a", "b"] }, [{ row: [1], label: "c" }], /"c" is not a class/],
    ["one class", { iterable: "r" }, [{ row: [1], label: "a" }], /r has 1 classes/],
    ["no sample", { iterable: "r" }, [], /r has 0 classes/],
  ])("with %s are refused", async (_, source, samples, message) => {
    const { recipe, runDir } = prepare(source);
    const { code, message: text } = await errorOf(() =>
      read(distill(recipe, { runDir, samples: samples as Sample[] })),
    );
    expect([code, text]).toEqual(["DATA_CORRUPT", expect.stringMatching(message)]);
    expect(resultsOf(runDir).status).toBe("failed");
  });

  it("that are missing, surplus, or fail are told", async () => {
    const { recipe, runDir } = prepare(IMAGES);
    expect((await errorOf(() => read(distill(recipe, { runDir })))).message).toContain("come from a program");
    const other = prepare({ rows: "x.npy", labels: "y.npy" });
    const given = { runDir: other.runDir, samples: images() };
    expect((await errorOf(() => read(distill(other.recipe, given)))).where).toBe("data.source");
    async function* failing(): AsyncGenerator<Sample> {
      yield* images(3);
      throw new Error("the camera was unplugged");
    }
    await expect(read(distill(recipe, { runDir, samples: failing() }))).rejects.toThrow("the camera was unplugged");
    const { code, message } = await errorOf(() => read(resume(runDir)));
    expect([code, message]).toEqual(["RECIPE_INVALID", expect.stringContaining("which gives none here")]);
  });

  it("are images or rows to the recipe's checks", () => {
    const augmented = { student: { model, train: { ...train, augment: [{ name: "jitter", pixels: 1 }] } } };
    expect(problemOf(recipeText({ iterable: "r" }, augmented))).toContain("this source has rows");
    expect(() => parseRecipe(recipeText(IMAGES, augmented), "r.json")).not.toThrow();
  });
});
