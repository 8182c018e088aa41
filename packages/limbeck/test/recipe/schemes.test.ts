import { describe, expect, it } from "vitest";
import { parseRecipe } from "../../src/recipe/parse.js";
import { schemes } from "../../src/recipe/schemes/index.js";
import { recipeText } from "../../src/recipe/text.js";

const NAMES = schemes.map(({ name }) => name).join(", ");
const TEACHER = "teacher: { model: { family: mlp, hidden: [9] }, train: { epochs: 1 } }";

function recipe(...lines: string[]) {
  const rest = [
    "name: t",
    "data: { source: digits, test: 9 }",
    "student: { model: { family: mlp, hidden: [9] }, train: { epochs: 1 } }",
  ];
  return parseRecipe([...rest, ...lines].join("\n"), "t.yaml");
}

describe("the scheme of a recipe", () => {
  it("is offline where none is named", () => {
    expect(recipe(TEACHER).scheme).toEqual({ name: "offline" });
    expect(recipe(TEACHER).distill).toMatchObject([{ loss: "kd", temperature: 4 }]);
  });

  it("is a name, or a record with options", () => {
    expect(recipe("scheme: mutual").scheme).toEqual({ name: "mutual" });
    expect(recipe("scheme: { name: mutual, peers: [{ family: lenet }] }").scheme).toEqual({
      name: "mutual",
      peers: [expect.objectContaining({ family: "lenet" })],
    });
  });

  it("brings its usual terms, and a recipe's own win", () => {
    const usual = [
      { loss: "kd", weight: 1, temperature: 1 },
      { loss: "cross-entropy", weight: 1, labelSmoothing: 0 },
    ];
    expect(recipe("scheme: mutual").distill).toEqual(usual);
    expect(recipe("scheme: { name: mutual }").distill).toEqual(usual);
    expect(recipe("scheme: mutual", "distill: [{ loss: dkd }]").distill).toMatchObject([{ loss: "dkd" }]);
  });

  it("stays as it is in a run folder", () => {
    const parsed = recipe("scheme: { name: mutual, peers: [{ family: lenet }] }");
    expect(parseRecipe(recipeText(parsed), "recipe.yaml")).toEqual(parsed);
  });

  it.each([
    [["distill: [{ loss: kd }]"], "t.yaml:4:11 distill[0]: kd needs a teacher"],
    [["scheme: mutual", TEACHER], "t.yaml:5:10 teacher: the mutual scheme has no teacher; leave it out"],
    [["scheme: mutal"], `t.yaml:4:9 scheme: "mutal" is not one of ${NAMES}; did you mean "mutual"?`],
    [["scheme: { name: mutal }"], `t.yaml:4:17 scheme.name: "mutal" is unknown; use one of ${NAMES}`],
    [
      ["scheme: { name: kdcl, target: min-logits }"],
      't.yaml:4:31 scheme.target: "min-logits" is not one of naive, linear, min-logit, general; did you mean "min-logit"?',
    ],
    [["scheme: { name: mean-teacher, decay: 1 }"], "t.yaml:4:38 scheme.decay: too big: expected number to be <1"],
    [
      ["scheme: mean-teacher", "distill: [{ loss: crd, student: a, teacher: a }]"],
      "crd needs sample indices, memory bank, which the mean-teacher scheme does not give",
    ],
    [
      ["scheme: mean-teacher", "distill: [{ loss: cross-entropy }]"],
      "distill: no term learns from the other models; add one that does, such as kd",
    ],
    [["scheme: dino", TEACHER], "t.yaml:5:10 teacher: the dino scheme has no teacher; leave it out"],
    [["scheme: dino", "distill: [{ loss: kd }]"], "kd needs teacher logits, which the dino scheme does not give"],
    [["scheme: { name: dino, localScale: [0.4, 0.1] }"], "scheme.localScale: scale must rise"],
    [["scheme: { name: dino, augment: [{ name: mixup }] }"], 'scheme.augment[0].name: "mixup" is unknown'],
    [["scheme: { name: one, branches: 1 }"], "t.yaml:4:32 scheme.branches: too small: expected number to be >=2"],
    [
      ["scheme: { name: one, branchs: 3 }"],
      't.yaml:4:22 scheme.branchs: unknown key "branchs"; did you mean "branches"?',
    ],
    [["scheme: kdcl", TEACHER], "t.yaml:5:10 teacher: the kdcl scheme has no teacher; leave it out"],
    [["scheme: { name: mutual, peer: [] }"], 't.yaml:4:25 scheme.peer: unknown key "peer"; did you mean "peers"?'],
    [["scheme: { name: mutual, peers: [] }"], "t.yaml:4:32 scheme.peers: too small"],
    [["scheme: mutual", "distill: auto"], "distill: auto chooses terms for a teacher"],
    [["scheme: mutual", "distill: [{ loss: cross-entropy }]"], "distill: no term learns from the other models"],
    [
      ["scheme: mutual", "distill: [{ loss: kd }, { loss: at, student: a, teacher: b }]"],
      "t.yaml:5:25 distill[1]: at needs features, which the mutual scheme does not give",
    ],
    [
      ["scheme: mutual", "variants: [{ name: a, distill: [{ loss: crd, student: a, teacher: b }] }]"],
      "variants[0].distill[0]: crd needs features, ",
    ],
    [
      ["scheme: mutual", "variants: [{ name: a, transfer: { without: [3] }, correctBiases: true }]"],
      "variants[0].correctBiases: the mutual scheme has no teacher",
    ],
    [["scheme: dfad"], "t.yaml:4:9 scheme: dfad has nothing to learn from but a teacher"],
    [["scheme: dfad", TEACHER, "baseline: false"], "t.yaml:6:11 baseline: a data-free result is always compared"],
    [["scheme: dfad", TEACHER, "distill: auto"], "distill: auto chooses terms by the transfer set"],
    [["scheme: dfad", TEACHER, "distill: [{ loss: cross-entropy }]"], "distill[0]: cross-entropy needs labels, which"],
    [["scheme: dfad", TEACHER, "generations: 2"], "t.yaml:6:14 generations: assistants and generations learn from"],
    [["scheme: { name: dfad, latents: 9 }", TEACHER], 't.yaml:4:23 scheme.latents: unknown key "latents"; did you'],
    [["scheme: { name: dfad, adversarial: 0 }", TEACHER], "t.yaml:4:9 scheme: images are made for nothing"],
    [["scheme: { name: deep-inversion, oneHot: 0, statistics: 0 }", TEACHER], "scheme: images are made for nothing"],
    [["scheme: { name: deep-inversion, memory: 1 }", TEACHER], "t.yaml:4:41 scheme.memory: too small"],
    [["scheme: { name: deep-inversion, latent: 9 }", TEACHER], 'scheme.latent: unknown key "latent"'],
    [["scheme: { name: dafl, std: 0 }", TEACHER], "t.yaml:4:28 scheme.std: too small"],
    [["scheme: { name: dafl, related: digits }", TEACHER], "t.yaml:4:32 scheme.related: digits is the teacher's own"],
    [
      ["scheme: dfad", TEACHER, "variants: [{ name: a, transfer: { size: 5 } }]"],
      "t.yaml:6:33 variants[0].transfer: the student sees no training sample",
    ],
    [
      ["scheme: { name: dfad, related: mnist }", TEACHER, "variants: [{ name: related-data }]"],
      "t.yaml:6:20 variants[0].name: related-data is the control of scheme.related",
    ],
  ])("is told what is wrong: %s", (lines, message) => {
    expect(() => recipe(...lines)).toThrow(message);
  });
});
