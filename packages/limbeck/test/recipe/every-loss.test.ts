import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { wholeSplit } from "../../src/data/dataset.js";
import { measureMoments } from "../../src/data/moments/measure.js";
import { losses } from "../../src/losses/index.js";
import type { Loss } from "../../src/losses/loss.js";
import { buildModel, type ModelChoice } from "../../src/models/index.js";
import { parseRecipe, readRecipe } from "../../src/recipe/parse.js";
import type { Recipe } from "../../src/recipe/schema.js";
import { isTable } from "../../src/recipe/source.js";
import { armsOf } from "../../src/runs/arms.js";
import { linksOf } from "../../src/runs/chain.js";
import { teacherOf } from "../../src/runs/teacher.js";
import { wirings } from "../../src/schemes/index.js";
import { checkOffline } from "../../src/schemes/offline.js";
import { skewedRows } from "../data/rows.js";
import { readLossCases } from "../losses/golden.js";

const root = new URL("../../../../", import.meta.url).pathname;

/** Ten classes of gray pictures: what all named data sets are so far. */
const SIZE = 128;
const images = wholeSplit({
  name: "gray",
  size: SIZE,
  channels: 1,
  height: 28,
  width: 28,
  classes: Array.from({ length: 10 }, (_, k) => `class ${k}`),
  pixels: new Uint8Array(SIZE * 28 * 28),
  labels: Uint8Array.from({ length: SIZE }, (_, i) => i % 10),
});

/** Rows of two classes for recipes of tables. */
const { split: rows } = skewedRows(SIZE);
const rowsSplit = { ...rows, dataset: { ...rows.dataset, moments: measureMoments(rows) } };

/** Stands for networks of files, which do not come along; their own tests build such graphs. */
const STAND_IN = { family: "resnet", depth: 8 };

/** A recipe as it is, or with other networks in place of those that are files. */
function withNetworks(recipe: Recipe): Recipe {
  const { teacher } = recipe;
  const student = "onnx" in recipe.student.model ? { ...recipe.student, model: STAND_IN } : recipe.student;
  if (!teacher) return { ...recipe, student };
  if ("onnx" in teacher) return { ...recipe, student, teacher: student };
  if ("model" in teacher && "onnx" in teacher.model) {
    return { ...recipe, student, teacher: { ...teacher, model: STAND_IN } };
  }
  return { ...recipe, student };
}

/** Builds the training graph of every arm, as a run does before it trains anything. */
function buildAll(recipe: Recipe): void {
  const split = isTable(recipe.data.source) ? rowsSplit : images;
  const classes = split.dataset.classes.length;
  const model = (choice: unknown) => buildModel(choice as ModelChoice, split.dataset, classes);
  let last = teacherOf(recipe, { source: "gray", train: split, test: split })?.live;
  for (const link of linksOf(recipe)) {
    const student = model(link.model);
    checkOffline({ ...link, split, model: student, liveTeacher: last });
    last = { model: student };
  }
  const student = model(recipe.student.model);
  for (const { scheme, terms, train } of armsOf(recipe)) {
    const { name, ...options } = scheme;
    const arm = { model: student, split, train, terms, liveTeacher: last };
    if (name === "offline") checkOffline(arm);
    else wirings[name]!.check({ ...arm, options });
  }
}

const lossesIn = (recipe: Recipe) => armsOf(recipe).flatMap(({ terms }) => terms.map(({ loss }) => String(loss)));

const files = readdirSync(join(root, "recipes"), { recursive: true, encoding: "utf8" }).filter((name) => {
  return name.endsWith(".yaml");
});

describe("the training graphs of every recipe that comes along", () => {
  it.each(files)("%s can be built", (name) => buildAll(withNetworks(readRecipe(join(root, "recipes", name)))));
});

/** Pairs of student and teacher, one of which has the taps that a loss's own recipe names. */
const PAIRS: readonly (readonly [ModelChoice, ModelChoice])[] = [
  [
    { family: "mlp", hidden: [4, 6] },
    { family: "mlp", hidden: [8, 6] },
  ],
  [
    { family: "resnet", depth: 8 },
    { family: "resnet", depth: 14 },
  ],
  [
    { family: "vit", dim: 12, depth: 3, heads: 3 },
    { family: "vit", dim: 24, depth: 12, heads: 3 },
  ],
];

/** The recipe that `limbeck methods` shows, with networks around it. */
function recipeOf({ recipe }: Loss, [student, teacher]: readonly [ModelChoice, ModelChoice]): Recipe {
  const networks = {
    teacher: { model: teacher, train: { epochs: 1 } },
    student: { model: student, train: { epochs: 40 } },
  };
  const parts = Object.entries(networks).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return parseRecipe(`name: t\ndata: { source: digits }\n${parts.join("\n")}\ndistill:\n${recipe}`, "t.yaml");
}

/** Why its recipe cannot be built with a pair; undefined where it can. */
function failure(loss: Loss, pair: (typeof PAIRS)[number]): string | undefined {
  try {
    buildAll(recipeOf(loss, pair));
    return undefined;
  } catch (error) {
    return String(error);
  }
}

const goldenLosses = new Set(readLossCases().map(({ loss }) => loss));
const methodsPage = readFileSync(join(root, "docs/methods.md"), "utf8");
const inRecipes = new Set(files.flatMap((name) => lossesIn(readRecipe(join(root, "recipes", name)))));

describe.each(losses.map((loss) => [loss.name, loss] as const))("%s", (name, loss) => {
  it("is documented", () => expect(methodsPage).toContain(`\n### ${name}\n`));

  it("is tested against PyTorch", () => expect(goldenLosses).toContain(name));

  it("is used in a recipe whose training graph can be built", () => {
    if (inRecipes.has(name)) return;
    expect(PAIRS.map((pair) => failure(loss, pair))).toContain(undefined);
  });
});

describe("headline methods", () => {
  const headline = [
    ["kd", "logit-standardization", "dist", "dkd"],
    ["fitnets", "at", "crd", "simkd", "review"],
    ["sp", "pkt", "rkd-distance", "rkd-angle", "cat-kd"],
  ].flat();
  const registered = headline.filter((name) => losses.some((loss) => loss.name === name));

  it.each(registered)("%s has a recipe on Fashion-MNIST", (name) => {
    const ours = files.filter((file) => file.startsWith("fashion-mnist"));
    expect(ours.flatMap((file) => lossesIn(readRecipe(join(root, "recipes", file))))).toContain(name);
  });

  it("share all but their losses", () => {
    const recipes = files
      .filter((file) => file.startsWith("fashion-mnist"))
      .map((file) => readRecipe(join(root, "recipes", file)));
    for (const recipe of recipes) {
      const { name, description, distill, ...shared } = recipe;
      const { name: _, description: __, distill: ___, ...base } = recipes[0]!;
      expect(shared, name).toEqual(base);
      expect(description).not.toBe(recipes[0] === recipe ? "" : recipes[0]!.description);
      expect(recipe.seeds).toBe(3);
      expect(distill.length).toBeGreaterThan(0);
    }
  });
});
