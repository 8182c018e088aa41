import { describe, expect, it } from "vitest";
import { parseRecipe } from "../../src/recipe/parse.js";
import { recipeText } from "../../src/recipe/text.js";
import { problemOf } from "./problem-of.js";

const written = (changes: object = {}): string =>
  JSON.stringify({
    name: "vectors",
    task: "embedding",
    data: { source: { images: "x.npy" }, test: 10 },
    teacher: { onnx: "t.onnx", output: "pooled" },
    student: { model: { family: "mlp", hidden: [4] }, train: { epochs: 1 } },
    ...changes,
  });

const ANSWERS = { student: "<answer>", teacher: "<answer>" };

describe("a recipe of embeddings", () => {
  it("needs no labels, has no baseline, and compares answers where terms name no taps", () => {
    const recipe = parseRecipe(
      written({
        distill: [{ loss: "sp" }, { loss: "fitnets", student: "layer1", teacher: "maps" }],
        variants: [{ name: "other", distill: [{ loss: "pkt" }] }],
      }),
      "r.yaml",
    );
    expect(recipe).toMatchObject({ task: { name: "embedding" }, baseline: false });
    expect(recipe.distill).toMatchObject([ANSWERS, { student: "layer1", teacher: "maps" }]);
    expect(recipe.variants[0]!.distill).toMatchObject([ANSWERS]);
  });

  it("learns by the cosine where it names no terms, and is read again as it was written out", () => {
    const recipe = parseRecipe(written({ task: { name: "embedding", dimensions: 8 } }), "r.yaml");
    expect(recipe.distill).toEqual([{ loss: "cosine", weight: 1, ...ANSWERS }]);
    expect(parseRecipe(recipeText(recipe), "r.yaml")).toEqual(recipe);
  });

  it.each([
    [{ distill: [{ loss: "kd" }] }, "kd needs teacher logits, which the embedding task does not give"],
    [{ distill: [{ loss: "cosine" }, { loss: "cross-entropy" }] }, "cross-entropy needs labels, which"],
    [{ distill: "auto" }, "auto chooses terms for classes"],
    [{ variants: [{ name: "v", distill: [{ loss: "simkd" }] }] }, "simkd needs linear heads"],
    [{ teacher: { model: { family: "mlp", hidden: [4] }, train: { epochs: 1 } } }, "name one as teacher.onnx"],
    [{ teacher: undefined }, "name one as teacher.onnx"],
    [{ teacher: { onnx: "t.onnx", classes: [0, 1] } }, "an embedding has no classes"],
    [{ baseline: true }, "nothing can be learned without the teacher"],
    [{ scheme: "mutual" }, "by the offline scheme alone"],
    [{ answers: { top: 3 } }, "all numbers of an embedding are needed"],
    [{ assistants: [{ model: { family: "mlp", hidden: [4] } }] }, "assistants do not learn embeddings yet"],
    [{ generations: 2 }, "generations do not learn embeddings yet"],
    [{ data: { source: "digits", transfer: { only: [1] } } }, "there are no classes to choose"],
    [{ data: { source: { folder: "a", unlabelled: "b", size: 8 }, test: 5 } }, "put all of them into folder"],
    [{ task: { name: "embedding", dimensions: 0 } }, "dimensions"],
  ])("refuses what has no meaning: %j", (changes, message) => {
    expect(problemOf(written(changes))).toContain(message);
  });
});

it("a recipe of classes needs labels, and says where", () => {
  const text = written({ task: undefined, distill: [{ loss: "kd" }] });
  expect(problemOf(text)).toMatch(/data\.source\.labels is missing.*`task: embedding`/);
});

it("an unknown task is told, with the nearest one", () => {
  expect(problemOf(written({ task: "embeding" }))).toContain('"embeding"');
});
