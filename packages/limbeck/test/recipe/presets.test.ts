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

describe("tf-kd-self", () => {
  const alone = (data: string, more = "") =>
    parse(`name: t
preset: tf-kd-self
data: { source: digits, test: 100${data} }
student: { model: { family: mlp, hidden: [8] }, train: { epochs: 4, augment: [{ name: jitter }] } }
${more}`);

  it("is a teacher like the student, trained alike on the same samples", () => {
    const { teacher, student, distill, data } = alone(", transfer: { size: 500 }");
    expect(teacher).toEqual({ model: student.model, train: student.train });
    expect(distill).toMatchObject([
      { loss: "kd", temperature: 6, weight: 0.475 },
      { loss: "cross-entropy", weight: 0.05 },
    ]);
    expect(data.train).toBe(500);
    expect(alone(", validation: 50, transfer: { size: 500 }").data.train).toBe(550);
    expect(alone("").data.train).toBeUndefined();
  });

  it("leaves alone what the recipe says", () => {
    const teacher = "teacher: { model: { family: mlp, hidden: [9] }, train: { epochs: 2 } }";
    const own = alone(", train: 900, transfer: { size: 500 }", `${teacher}\ndistill: [{ loss: kd, temperature: 2 }]`);
    expect(own.teacher).toMatchObject({ model: { hidden: [9] }, train: { epochs: 2 } });
    expect(own.distill).toMatchObject([{ temperature: 2 }]);
    expect(own.data.train).toBe(900);
  });

  it("is written out in the recipe that a run keeps", () => {
    const { preset: _, ...without } = alone(", transfer: { size: 500 }", "generations: 2");
    expect(parse(JSON.stringify({ ...without, preset: "tf-kd-self" }))).toMatchObject(without);
    expect(parse(JSON.stringify(without))).toEqual(without);
  });

  it("tells of a student that cannot be copied where it stands", () => {
    expect(() => parse("name: t\npreset: tf-kd-self\ndata: { source: digits }\nstudent: 3")).toThrow(
      "r.yaml:4:10 student",
    );
    expect(() => parse("name: t\npreset: tf-kd-self\ndata: 3\nstudent: { model: { family: mlp } }")).toThrow(
      /student.train/,
    );
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
    const text = recipe(", train: { epochs: 3 }").replace("preset: function-matching", preset.recipe);
    expect(parse(text).preset).toBe(preset.name);
  });

  it.each([
    [
      "a preset that is not there",
      recipe("").replace("matching", "matchin"),
      '3:9 preset: "function-matchin" is not one of function-matching, tf-kd-self; did you mean "function-matching"?',
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
