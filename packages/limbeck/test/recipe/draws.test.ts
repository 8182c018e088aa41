import { describe, expect, it } from "vitest";
import { parseRecipe } from "../../src/recipe/parse.js";
import { problemOf } from "./problem-of.js";

const recipe = (answers: string, distill: string, more = "") => `name: t
data: { source: digits }
teacher: { model: { family: mlp, hidden: [4] }, train: { epochs: 1 } }
student: { model: { family: mlp, hidden: [4] }, train: { epochs: 1 } }
answers: { ${answers} }
distill: ${distill}
${more}`;

describe("answers that are drawn", () => {
  it("are for kd of the same temperature, and for terms that ask no teacher", () => {
    const terms = "[{ loss: kd, temperature: 4 }, { loss: cross-entropy }]";
    const { answers } = parseRecipe(recipe("draws: 50, temperature: 4", terms), "r.yaml");
    expect(answers).toEqual({ dtype: "float32", draws: 50, temperature: 4 });
    expect(() => parseRecipe(recipe("draws: 50", "[{ loss: kd, temperature: 1 }]"), "r.yaml")).not.toThrow();
  });

  it.each([
    [
      "draws: 50",
      "[{ loss: kd }]",
      "",
      "6:11 distill[0] kd has temperature 4, and answers are drawn at 1; make answers.temperature 4",
    ],
    ["draws: 50", "[{ loss: dist }]", "", "6:11 distill[0] dist is biased by drawn answers; use kd"],
    ["draws: 50", "auto", "", "auto may choose terms that need the teacher's logits"],
    ["draws: 50, top: 3", "[{ loss: kd, temperature: 1 }]", "", "answers are either drawn or cut to the largest"],
    ["temperature: 2", "[{ loss: kd }]", "", "answers.temperature nothing is drawn at a temperature"],
    ["draws: 0", "[{ loss: kd }]", "", "5:19 answers.draws"],
    [
      "draws: 50, temperature: 4",
      "[{ loss: kd }]",
      "variants: [{ name: b, correctBiases: true, distill: [{ loss: kd, temperature: 2 }] }]",
      "variants[0].distill[0] kd has temperature 2",
    ],
    [
      "draws: 50, temperature: 4",
      "[{ loss: kd }]",
      "variants: [{ name: b, correctBiases: true }]",
      "variants[0].correctBiases biases are matched to probabilities at temperature 1",
    ],
    [
      "draws: 50, temperature: 4",
      "[{ loss: kd }]",
      "assistants: [{ model: { family: mlp, hidden: [4] }, distill: [{ loss: logit-mse }] }]",
      "assistants[0].distill[0] logit-mse is biased",
    ],
  ])("%s with %s %s is told", (answers, distill, more, expected) => {
    expect(problemOf(recipe(answers, distill, more))).toContain(expected);
  });

  it("are not for specialists", () => {
    const teacher = (owns: string) => `{ onnx: t.onnx, owns: ${owns} }`;
    const text = recipe("draws: 9", "[{ loss: kd, temperature: 1 }]").replace(
      /teacher:.*/,
      `teacher: { specialists: [${teacher("[0, 1, 2, 3, 4]")}, ${teacher("[5, 6, 7, 8, 9]")}] }`,
    );
    expect(problemOf(text)).toContain("answers.draws specialists' answers stand side by side");
  });
});
