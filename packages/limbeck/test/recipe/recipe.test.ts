import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { modelFamilies } from "../../src/models/index.js";
import { parseRecipe, type RecipeProblem, readRecipe } from "../../src/recipe/parse.js";
import { recipeJsonSchema } from "../../src/recipe/schema.js";
import type { LimbeckError } from "../../src/support/errors.js";

const GOOD = `
name: small
data: { source: digits, test: 100 }
teacher:
  model: { family: mlp, hidden: [32] }
  train: { epochs: 3 }
student:
  model: { family: mlp, hidden: [8] }
  train: { epochs: 3, optimizer: { name: sgd } }
`;

const MIXED = GOOD.replace("{ name: sgd } }", "{ name: sgd }, augment: [{ name: flip }, { name: cutmix }] }");

function errorOf(text: string): LimbeckError {
  try {
    parseRecipe(text, "r.yaml");
  } catch (error) {
    return error as LimbeckError;
  }
  throw new Error("nothing was thrown");
}

/** The one problem of a recipe, as `line:column path message`. */
function problemOf(text: string): string {
  const error = errorOf(text);
  expect(error.code).toBe("RECIPE_INVALID");
  const problems = error.value as readonly RecipeProblem[];
  return problems.map(({ line, column, path, message }) => `${line}:${column} ${path} ${message}`).join("\n");
}

describe("a good recipe", () => {
  it("gets its defaults", () => {
    const recipe = parseRecipe(GOOD, "r.yaml");
    expect(recipe).toMatchObject({ seed: 1, seeds: 3, baseline: true, variants: [], task: "image-classification" });
    expect(recipe.distill).toEqual([{ loss: "kd", weight: 1, temperature: 4 }]);
    expect(recipe.teacher.train).toMatchObject({
      batchSize: 128,
      decay: "cosine",
      optimizer: { name: "adam", eps: 1e-8 },
    });
    expect(recipe.student.train.optimizer).toEqual({ name: "sgd", momentum: 0.9, nesterov: false, weightDecay: 0 });
  });

  it.each([GOOD, `${GOOD}distill: [{ loss: dkd }, { loss: mlld }]`])("is the same after another pass", (text) => {
    const recipe = parseRecipe(text, "r.yaml");
    expect(parseRecipe(JSON.stringify(recipe), "r.yaml")).toEqual(recipe);
  });

  it("gets each method's usual weight and schedule", () => {
    const { distill } = parseRecipe(`${GOOD}distill: [{ loss: dkd }, { loss: logit-standardization }]`, "r.yaml");
    expect(distill).toMatchObject([{ weight: 1, schedule: { kind: "warm-up" } }, { weight: 9 }]);
    const off = parseRecipe(`${GOOD}distill: [{ loss: dkd, schedule: { kind: constant } }]`, "r.yaml");
    expect(off.distill).toMatchObject([{ schedule: { kind: "constant" } }]);
  });
});

describe("a wrong recipe points at line and column", () => {
  it.each([
    [
      "an unknown key",
      GOOD.replace("epochs: 3 }", "epoch: 3 }"),
      '6:12 teacher.train.epoch unknown key "epoch"; did you mean "epochs"?',
    ],
    [
      "a key that nothing resembles",
      `${GOOD}zebra: 1`,
      '10:1 zebra unknown key "zebra"; known keys: name, description, ',
    ],
    [
      "an unknown family",
      GOOD.replace("mlp, hidden: [8]", "mpl, hidden: [8]"),
      `8:20 student.model.family "mpl" is unknown; use one of ${modelFamilies.map(({ name }) => name).join(", ")}; did you mean "mlp"?`,
    ],
    [
      "an unknown optimizer",
      GOOD.replace("name: sgd", "name: sdg"),
      '9:42 student.train.optimizer.name "sdg" is unknown; use one of sgd, adam, adamw; did you mean "sgd"?',
    ],
    [
      "an unknown data set",
      GOOD.replace("digits", "digit"),
      '3:17 data.source "digit" is not one of digits, mnist, fashion-mnist; did you mean "digits"?',
    ],
    [
      "a word for a number",
      GOOD.replace("[8]", "[eight]"),
      "8:34 student.model.hidden[0] expected number, received string",
    ],
    [
      "a number out of range",
      GOOD.replace("test: 100", "test: -5"),
      "3:31 data.test too small: expected number to be >0",
    ],
    ["a missing section", GOOD.replace(/student:[\s\S]*/, ""), "2:1 student is missing; it takes an object"],
    [
      "options of idx files",
      GOOD.replace("digits", "{ train: { images: a, label: b } }"),
      'label unknown key "label"; did you mean "labels"?',
    ],
    ["a slip in the key that names a loss", `${GOOD}distill: [{ los: kd }]`, 'unknown key "los"; did you mean "loss"?'],
    [
      "two variants of one name",
      `${GOOD}variants: [{ name: a }, { name: a }]`,
      "10:11 variants two have the same name",
    ],
    [
      "an option of another loss",
      `${GOOD}distill: [{ loss: cross-entropy, temperature: 2 }]`,
      "10:34 distill[0].temperature unknown key",
    ],
    [
      "an unknown loss",
      `${GOOD}distill: [{ loss: kd }, { loss: dst }]`,
      '10:33 distill[1].loss "dst" is unknown; use one of ',
    ],
    [
      "an unknown schedule",
      `${GOOD}distill: [{ loss: kd, schedule: { kind: warmup } }]`,
      '10:41 distill[0].schedule.kind "warmup" is unknown; use one of constant, warm-up, ramp, cosine-decay; did you mean "warm-up"?',
    ],
    [
      "an option of another schedule",
      `${GOOD}distill: [{ loss: kd, schedule: { kind: ramp, to: 0 } }]`,
      '10:47 distill[0].schedule.to unknown key "to"; known keys: kind, epochs',
    ],
    [
      "a schedule without a kind",
      `${GOOD}distill: [{ loss: kd, schedule: { epochs: 3 } }]`,
      "distill[0].schedule.kind is missing; use one of constant, warm-up, ramp, cosine-decay",
    ],
    [
      "a weight of zero",
      `${GOOD}distill: [{ loss: kd, weight: 0 }]`,
      "10:31 distill[0].weight too small: expected number to be >0",
    ],
    [
      "a share of 1 for a mixture",
      `${GOOD}distill: [{ loss: skew-kl, skew: 1 }]`,
      "10:34 distill[0].skew too big: expected number to be <1",
    ],
    [
      "a change of single images behind one of batches",
      GOOD.replace("epochs: 3 }\nstudent", "epochs: 3, augment: [{ name: mixup }, { name: flip }] }\nstudent"),
      "6:50 teacher.train.augment[1] flip changes single images: it must stand before mixup",
    ],
    [
      "a loss that knows no mixed labels",
      `${MIXED}distill: [{ loss: kd }, { loss: dkd }]`,
      "10:25 distill[1] dkd is undefined for the mixed images that cutmix makes",
    ],
    [
      "such a loss of a variant",
      `${MIXED}variants: [{ name: a, distill: [{ loss: nkd }] }]`,
      "10:33 variants[0].distill[0] nkd is undefined for the mixed images that cutmix makes",
    ],
    [
      "a variant that mixes images for such a loss",
      `${GOOD}distill: [{ loss: dkd }]\nvariants: [{ name: a, train: { augment: [{ name: mixup }] } }]`,
      "11:42 variants[0].train.augment[0] dkd is undefined for the mixed images that mixup makes",
    ],
    [
      "an unknown change",
      GOOD.replace("epochs: 3 }", "epochs: 3, augment: [{ name: mixp }] }"),
      'teacher.train.augment[0].name "mixp" is unknown; use one of jitter, ',
    ],
    [
      "a magnitude out of range",
      GOOD.replace("epochs: 3 }", "epochs: 3, augment: [{ name: rand-augment, magnitude: 40 }] }"),
      "6:66 teacher.train.augment[0].magnitude too big: expected number to be <=30",
    ],
  ])("%s", (_, text, expected) => expect(problemOf(text)).toContain(expected));

  it("but not at losses that need no labels, or variants that do not mix", () => {
    const variants = "variants: [{ name: a, train: { augment: [] }, distill: [{ loss: dkd }] }]";
    const text = `${MIXED}distill: [{ loss: kd }, { loss: cross-entropy }, { loss: wsld }]\n${variants}`;
    expect(parseRecipe(text, "r.yaml").student.train.augment).toMatchObject([{ name: "flip" }, { name: "cutmix" }]);
  });

  it("tells all problems at once", () => {
    const error = errorOf(GOOD.replace("digits", "digit").replace("name: sgd", "name: sdg"));
    expect((error.value as readonly RecipeProblem[]).length).toBe(2);
    expect(error.where).toBe("r.yaml:3:17");
  });

  it("broken YAML", () => {
    const error = errorOf("name: x\n  bad: [1\n");
    expect(error.code).toBe("RECIPE_SYNTAX");
    expect(error.message).toContain("r.yaml:1:7");
  });

  it.each(["", "just text", "[1, 2]", "&a [*a]", "null"])("rubbish: %j", (text) => {
    expect(errorOf(text).code).toMatch(/^RECIPE_/);
  });
});

describe("recipes that come along", () => {
  const folder = new URL("../../../../recipes/", import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  it.each(files)("%s is valid", (name) => {
    expect(readRecipe(new URL(name, folder).pathname).name).toBe(name.replace(".yaml", ""));
  });

  it("have a JSON schema that is up to date (`npm run schema` makes it)", () => {
    const file = readFileSync(new URL("../../schema/recipe.schema.json", import.meta.url), "utf8");
    expect(JSON.parse(file)).toEqual(JSON.parse(JSON.stringify(recipeJsonSchema())));
  });
});
