import { createGraph, gradients } from "@limbeck/graph";
import { describe, expect, it } from "vitest";
import { lossNamed } from "../../src/losses/index.js";
import type { ModelChoice } from "../../src/models/index.js";
import { parseRecipe } from "../../src/recipe/parse.js";
import { wirings } from "../../src/schemes/index.js";
import { problemOf } from "../recipe/problem-of.js";
import { build, small, split, stepOf, train, valuesOf } from "./steps.js";

const resnet: ModelChoice = { family: "resnet", depth: 8 };
const text = (terms: string, more = "") => `name: t
data: { source: digits }
student: { model: { family: resnet, depth: 8 }, train: { epochs: 1 } }
${more}
distill: [${terms}]`;
const ALONE = "{ loss: cross-entropy }";
const BOTH = "{ loss: tf-fd-intra, student: [stage1, stage3] }, { loss: tf-fd-inter, student: [stage1, stage2] }";

/** Terms of a recipe without a teacher. */
const termsOf = (terms: string) => parseRecipe(text(terms), "r.yaml").distill;
const optionsOf = (terms: string, student = resnet) => ({
  model: build(student),
  split,
  train,
  terms: termsOf(terms),
  options: {},
});
const check = (terms: string, student = resnet) => wirings.offline!.check(optionsOf(terms, student));

describe("teacher-free feature distillation", () => {
  it("needs no teacher, and trains what lies before its taps", async () => {
    const without = await stepOf(wirings.offline!.job({ ...optionsOf(ALONE), seed: 3 }));
    const withIt = await stepOf(wirings.offline!.job({ ...optionsOf(`${BOTH}, ${ALONE}`), seed: 3 }));
    expect(withIt.report["tf-fd-intra"]).toBeGreaterThan(0);
    expect(withIt.report["tf-fd-inter"]).toBeGreaterThan(0);
    expect(withIt.report["cross-entropy"]).toBeCloseTo(without.report["cross-entropy"]!, 6);
    const [plain, taught] = [without, withIt].map(({ after }) => valuesOf(after, ""));
    expect(taught!["conv1.weight"]).not.toEqual(plain!["conv1.weight"]);
    expect(taught!["fc.weight"]).toEqual(plain!["fc.weight"]);
  });

  it("is there for students that learn from their average", () => {
    const recipe = parseRecipe(text(`${BOTH}, { loss: kd }, ${ALONE}`, "scheme: mean-teacher"), "r.yaml");
    const options = { model: build(resnet), split, train, terms: recipe.distill, options: {} };
    expect(() => wirings["mean-teacher"]!.check(options)).not.toThrow();
  });

  it.each(["tf-fd-inter", "tf-fd-intra"])("%s lets gradients into what learns, and into nothing else", (name) => {
    const graph = createGraph();
    const layers = [4, 2].map((size, i) => graph.parameter(`maps${i}`, "float32", [2, 4, size, size]));
    const logits = graph.parameter("logits", "float32", [2, 3]);
    const loss = lossNamed(name).compute({ logits, studentFeatures: layers }, {});
    expect(() => gradients(loss, [layers[0]!])).not.toThrow();
    const deepest = () => gradients(loss, [layers[1]!]);
    if (name === "tf-fd-intra") expect(deepest).not.toThrow();
    else expect(deepest).toThrow(/maps1/);
  });

  it("tells taps that are not there, that are no maps, or too few", () => {
    expect(() => check(`{ loss: tf-fd-intra, student: [stage9] }, ${ALONE}`)).toThrow(
      expect.objectContaining({ code: "TAP_UNKNOWN", where: "distill: tf-fd-intra: student", value: "stage9" }),
    );
    expect(() => check(`{ loss: tf-fd-intra, student: [relu1] }, ${ALONE}`, small)).toThrow(
      expect.objectContaining({
        code: "FEATURE_MISMATCH",
        message: expect.stringMatching(
          /must be 1 or more maps .* of 2 channels or more; they are \[4,5\] \(student relu1\)/,
        ),
        where: "distill: tf-fd-intra",
      }),
    );
    expect(() => check(`{ loss: tf-fd-inter, student: [stage1] }, ${ALONE}`)).toThrow(/2 or more maps/);
  });

  it("is told apart, in a recipe, from losses on pairs of taps", () => {
    expect(problemOf(text("{ loss: tf-fd-inter, student: stage1 }"))).toMatch(/distill\[0\]\.student .*array/);
    expect(problemOf(text("{ loss: tf-fd-inter, student: [stage1], teacher: [stage1] }"))).toMatch(/teacher/);
    expect(problemOf(text(`${BOTH}, { loss: kd }`, "scheme: mutual"))).toContain(
      "5:11 distill[0] tf-fd-intra needs student features, which the mutual scheme does not give",
    );
  });

  it("is not enough on its own", () => {
    expect(() => check(BOTH)).toThrow(/no term of distill trains the student's/);
  });
});
