import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { modelFamilies } from "../../src/models/index.js";
import { parseRecipe, readRecipe } from "../../src/recipe/parse.js";
import type { RecipeProblem } from "../../src/recipe/problem.js";
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
    expect(recipe).toMatchObject({
      seed: 1,
      seeds: 3,
      baseline: true,
      variants: [],
      task: { name: "image-classification" },
    });
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

describe("a recipe over another one", () => {
  const folder = mkdtempSync(join(tmpdir(), "limbeck-recipe-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const errorIn = (name: string) => {
    try {
      readRecipe(join(folder, name));
    } catch (error) {
      return error as LimbeckError;
    }
    throw new Error("nothing was thrown");
  };
  const base = write("base.yaml", GOOD);

  it("has what it says, and all else from the other", () => {
    const train = "{ epochs: 9, augment: [{ name: flip }] }";
    const path = write(
      "a.yaml",
      `extends: base.yaml\nname: a\nstudent: { train: ${train} }\ndistill: [{ loss: dist }]`,
    );
    const { name, student, teacher, distill } = readRecipe(path);
    expect({ name, teacher }).toEqual({ name: "a", teacher: readRecipe(base).teacher });
    expect(student.model).toEqual(readRecipe(base).student.model);
    expect(student.train).toMatchObject({ epochs: 9, augment: [{ name: "flip" }], optimizer: { name: "sgd" } });
    expect(distill).toMatchObject([{ loss: "dist" }]);
    const again = write("b.yaml", "extends: ./a.yaml\nseeds: 7");
    expect(readRecipe(again)).toEqual({ ...readRecipe(path), seeds: 7 });
  });

  it("replaces a record by one of another name whole", () => {
    const path = write("c.yaml", "extends: base.yaml\nstudent: { model: { family: resnet, depth: 8 } }");
    expect(readRecipe(path).student.model).toEqual({ family: "resnet", depth: 8, width: 1, shortcut: "projection" });
  });

  it("has paths relative to the file that says them", () => {
    const files = "{ images: i.idx, labels: l.idx }";
    write("sub/base.yaml", GOOD.replace("digits", `{ train: ${files} }`));
    const path = write("d.yaml", `extends: sub/base.yaml\ndata: { source: { train: { labels: m.idx } } }`);
    const train = { images: join(folder, "sub/i.idx"), labels: join(folder, "m.idx") };
    expect(readRecipe(path).data.source).toEqual({ train });
  });

  const wrongBase = GOOD.replace("epochs: 3 }", "epoch: 3 }");
  it.each([
    ["the base", wrongBase, "teacher: { train: { epochs: 1 } }", "over.yaml:6:12 teacher.train.epoch: unknown key"],
    ["this one", GOOD, "teacher: { train: { epoch: 1 } }", "e.yaml:2:21 teacher.train.epoch: unknown key"],
    [
      "what is missing here",
      GOOD,
      "teacher: { model: { family: resnet } }",
      "e.yaml:2:19 teacher.model.depth: is missing",
    ],
    ["a value over the base's", GOOD, "seed: many", "e.yaml:2:7 seed: expected number"],
  ])("says where a mistake is: %s", (_, over, text, expected) => {
    write("over.yaml", over);
    write("e.yaml", `extends: over.yaml\n${text}`);
    expect(errorIn("e.yaml").message).toContain(join(folder, expected));
  });

  it.each([
    ["nothing", "extends: gone.yaml", "FILE_MISSING", "f.yaml:1:10 extends: "],
    ["a number", "extends: 3", "RECIPE_INVALID", "f.yaml:1:10 extends: takes the path of a recipe"],
    ["itself", "extends: f.yaml", "RECIPE_INVALID", "f.yaml:1:10 extends: f.yaml extends this recipe in its turn"],
    ["broken YAML", "extends: broken.yaml", "RECIPE_SYNTAX", "broken.yaml:1:"],
  ])("refuses to extend %s", (_, text, code, message) => {
    write("broken.yaml", "a: [1");
    write("f.yaml", text);
    expect(errorIn("f.yaml")).toMatchObject({ code, message: expect.stringContaining(message) });
  });
});

describe("recipes that come along", () => {
  const folder = new URL("../../../../recipes/", import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".yaml"));
  it.each(files)("%s is valid", (name) => {
    expect(readRecipe(new URL(name, folder).pathname).name).toBe(basename(name, ".yaml"));
  });

  it("have a JSON schema that is up to date (`npm run schema` makes it)", () => {
    const file = readFileSync(new URL("../../schema/recipe.schema.json", import.meta.url), "utf8");
    expect(JSON.parse(file)).toEqual(JSON.parse(JSON.stringify(recipeJsonSchema())));
  });
});

describe("a recipe without a teacher", () => {
  const ALONE = `
name: alone
data: { source: digits, test: 100 }
student: { model: { family: mlp, hidden: [8] }, train: { epochs: 3 } }
`;

  it("is good where no term needs one", () => {
    const terms = "[{ loss: ps-kd }, { loss: tf-kd-virtual }, { loss: cross-entropy }]";
    expect(parseRecipe(`${ALONE}distill: ${terms}`, "r.yaml").teacher).toBeUndefined();
  });

  it.each([
    ["a term", "distill: [{ loss: ps-kd }, { loss: kd }]", "5:28 distill[1] kd needs a teacher: "],
    ["what is inside", "distill: [{ loss: at, student: a, teacher: b }]", "5:11 distill[0] at needs a teacher: "],
    ["rules that compare", "distill: auto", "5:10 distill[0] auto needs a teacher: "],
    ["the default", "", "2:1 distill[0] kd needs a teacher: "],
    [
      "a variant",
      "distill: [{ loss: ps-kd }]\nvariants: [{ name: v, distill: [{ loss: kd }] }]",
      "6:33 variants[0].distill[0] kd needs a teacher: ",
    ],
  ])("is refused where %s needs one", (_, text, expected) => {
    expect(problemOf(ALONE + text)).toContain(expected);
    expect(errorOf(ALONE + text).code).toBe("RECIPE_INVALID");
  });
});
