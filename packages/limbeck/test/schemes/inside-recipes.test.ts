import { describe, expect, it } from "vitest";
import { wholeSplit } from "../../src/data/dataset.js";
import { losses } from "../../src/losses/index.js";
import { buildModel, type ModelChoice } from "../../src/models/index.js";
import { parseRecipe } from "../../src/recipe/parse.js";
import { checkOffline } from "../../src/schemes/offline.js";

const dataset = {
  name: "gray",
  size: 4,
  channels: 1,
  height: 16,
  width: 16,
  classes: ["a", "b", "c"],
  pixels: new Uint8Array(4 * 256),
  labels: Uint8Array.of(0, 1, 2, 0),
};

/** Checks terms as a run does, without training anything. */
function check(distill: string, student: ModelChoice, teacher: ModelChoice): void {
  const models = `teacher: { model: ${JSON.stringify(teacher)}, train: { epochs: 1 } }
student: { model: ${JSON.stringify(student)}, train: { epochs: 1, batchSize: 4 } }`;
  const recipe = parseRecipe(`name: t\ndata: { source: digits }\n${models}\ndistill:\n${distill}`, "t.yaml");
  const build = (choice: ModelChoice) => buildModel(choice, dataset, dataset.classes.length);
  checkOffline({
    model: build(student),
    split: wholeSplit(dataset),
    train: recipe.student.train,
    terms: recipe.distill,
    liveTeacher: { model: build(teacher) },
  });
}

const mlps: [ModelChoice, ModelChoice] = [
  { family: "mlp", hidden: [4, 6] },
  { family: "mlp", hidden: [8, 6] },
];
const resnets: [ModelChoice, ModelChoice] = [
  { family: "resnet", depth: 8 },
  { family: "resnet", depth: 14 },
];

const vits = (studentHeads: number, teacherHeads: number): [ModelChoice, ModelChoice] => [
  { family: "vit", dim: 12, depth: 3, heads: studentHeads },
  { family: "vit", dim: 24, depth: 12, heads: teacherHeads },
];

const inside = losses.filter(({ needs }) => needs.some((need) => /features|heads|gradients/.test(need)));
/** The networks that a recipe's taps are of. */
function networksOf({ recipe }: (typeof losses)[number]): [ModelChoice, ModelChoice] {
  if (/scores|queries|values/.test(recipe)) return vits(3, 3);
  return recipe.includes("relu") ? mlps : resnets;
}

describe("the recipe that a loss shows can be trained", () => {
  it.each(inside.map((loss) => [loss.name, loss] as const))("%s", (_, loss) => {
    expect(() => check(loss.recipe, ...networksOf(loss))).not.toThrow();
  });
});

describe("transformers with other numbers of heads", () => {
  it("are related by relation heads of their own", () => {
    const terms = ["queries", "keys", "values"].map(
      (tap) => `- { loss: minilm-relation, heads: 12, student: block3.${tap}, teacher: block12.${tap} }`,
    );
    expect(() => check([...terms, "- { loss: kd }"].join("\n"), ...vits(2, 6))).not.toThrow();
  });

  it.each(["attention-scores", "attention-distribution"])("have no %s to compare", (loss) => {
    const terms = `- { loss: ${loss}, student: block3.scores, teacher: block12.scores }\n- { loss: kd }`;
    expect(() => check(terms, ...vits(2, 6))).toThrow(/\[4,2,17,17\], the teacher's \[4,6,17,17\]/);
  });
});

describe("class activation maps", () => {
  const cam = "- { loss: cam }\n- { loss: cat-kd }\n- { loss: kd }";

  it("are found behind dropout, and pooled to the smaller size", () => {
    expect(() => check(cam, { family: "mobilenetv2", width: 0.35 }, { family: "resnet", depth: 8 })).not.toThrow();
  });

  it("are refused where a network has none", () => {
    expect(() => check(cam, ...mlps)).toThrow(/cam needs a network that ends in an average .* the student does not/);
  });
});
