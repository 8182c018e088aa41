import { describe, expect, it } from "vitest";
import { parseRecipe } from "../../src/recipe/parse.js";
import { presets } from "../../src/recipe/presets/index.js";
import { recipeJsonSchema } from "../../src/recipe/schema.js";
import type { LimbeckError } from "../../src/support/errors.js";

const recipe = (train: string, more = "") => `
name: small
preset: function-matching
data: { source: digits, test: 100 }
teacher: { model: { family: mlp, hidden: [32] }, train: { epochs: 3 } }
student: { model: { family: mlp, hidden: [8] }${train} }
${more}`;

const parse = (text: string) => parseRecipe(text, "r.yaml");

describe("function-matching", () => {
  it("is soft targets alone, mixup, and patience", () => {
    const { preset, distill, student, teacher } = parse(recipe(""));
    expect(preset).toBe("function-matching");
    expect(distill).toEqual([{ loss: "kd", temperature: 1, weight: 1 }]);
    expect(student.train.epochs).toBe(1200);
    expect(student.train.augment).toEqual([{ name: "mixup", alpha: 1, p: 1, per: "image" }]);
    expect(teacher.train.augment).toEqual([]);
  });

  it("leaves alone what the recipe says, and mixes after other changes", () => {
    const own = parse(
      recipe(", train: { epochs: 40, augment: [{ name: flip }] }", "distill: [{ loss: kd, temperature: 2 }]"),
    );
    expect(own.distill).toMatchObject([{ temperature: 2 }]);
    expect(own.student.train.epochs).toBe(40);
    expect(own.student.train.augment.map(({ name }) => name)).toEqual(["flip", "mixup"]);
    const cut = parse(recipe(", train: { augment: [{ name: cutmix }] }"));
    expect(cut.student.train.augment.map(({ name }) => name)).toEqual(["cutmix"]);
  });

  it("is written out in the recipe that a run keeps", () => {
    const expanded = parse(recipe(", train: { augment: [{ name: flip }] }"));
    expect(parse(JSON.stringify(expanded))).toEqual(expanded);
    const { preset: _, ...without } = expanded;
    expect(parse(JSON.stringify(without))).toEqual(without);
  });
});

describe("presets", () => {
  it("let editors miss the student's epochs only where there is none", () => {
    const { properties, definitions, else: whole } = JSON.parse(JSON.stringify(recipeJsonSchema()));
    const { allOf } = whole;
    expect(properties.student.required).toEqual(["model"]);
    expect(properties.student.properties.train.required).toEqual([]);
    expect(properties.teacher.anyOf[0].$ref).toBe("#/definitions/trainedTeacher");
    expect(definitions.trainedTeacher.properties.train.required).toEqual(["epochs"]);
    expect(allOf[0].if).toEqual({ required: ["preset"] });
    expect(allOf[0].else.properties.student.properties.train.required).toEqual(["epochs"]);
  });

  it.each(presets)("$name says what it is, and its recipe is one", (preset) => {
    for (const key of ["description", "sets", "use", "source"] as const) expect(preset[key].length).toBeGreaterThan(20);
    expect(parse(recipe("").replace("preset: function-matching", preset.recipe)).preset).toBe(preset.name);
  });

  it.each([
    [
      "a preset that is not there",
      recipe("").replace("matching", "matchin"),
      '3:9 preset: "function-matchin" is not one of function-matching; did you mean "function-matching"?',
    ],
    ["a training that is no mapping", recipe(", train: 3"), "r.yaml:6:56 student.train"],
    ["changes that are no list", recipe(", train: { augment: flip }"), "r.yaml:6:67 student.train.augment"],
    [
      "no epochs without a preset",
      recipe(", train: {}").replace("preset: function-matching", ""),
      "student.train.epochs: is missing",
    ],
    ["a student that is no mapping", recipe("").replace(/student: .*/, "student: 3"), "r.yaml:6:10 student"],
  ])("%s is told with line and column", (_, text, expected) => {
    const error = (() => {
      try {
        return parse(text);
      } catch (caught) {
        return caught as LimbeckError;
      }
    })() as LimbeckError;
    expect(error.code).toBe("RECIPE_INVALID");
    expect(error.message).toContain(expected);
  });
});
