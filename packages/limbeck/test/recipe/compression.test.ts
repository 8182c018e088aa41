import { describe, expect, it } from "vitest";
import { parseRecipe } from "../../src/recipe/parse.js";
import { recipeText } from "../../src/recipe/text.js";
import { armsOf } from "../../src/runs/arms.js";
import { problemOf } from "./problem-of.js";

const recipe = (student: string, more = "", model = "{ family: mlp, hidden: [4] }") => `name: t
data: { source: digits }
student: { model: ${model}, train: { epochs: 1 }, ${student} }
${more}`;
const teacher = "teacher: { model: { family: mlp, hidden: [4] }, train: { epochs: 1 } }";

describe("students that get smaller while they learn", () => {
  it("have the options of their variants", () => {
    const variants = `variants:
  - { name: plain, quantize: false, prune: { kind: channels, sparsity: 0.5 } }
  - { name: both }`;
    const parsed = parseRecipe(recipe("quantize: int8", `${teacher}\n${variants}`), "r.yaml");
    const int8 = { weights: 8, start: 0.1, freeze: 0.9 };
    const channels = { kind: "channels", sparsity: 0.5, start: 0.1, end: 0.6, updates: 50, by: "l1" };
    expect(armsOf(parsed).map(({ kind, compression }) => [kind, compression])).toEqual([
      ["student", { quantize: int8 }],
      ["baseline", { quantize: int8 }],
      ["student", { prune: channels }],
      ["baseline", { prune: channels }],
      ["student", { quantize: int8 }],
      ["baseline", { quantize: int8 }],
    ]);
    expect(parseRecipe(recipeText(parsed), "r.yaml")).toEqual(parsed);
  });

  it.each([
    [recipe("quantize: { weights: 5 }", teacher), "student.quantize.weights"],
    [recipe("quantize: { start: 0.9, freeze: 0.5 }", teacher), "start must be below 1, and not after freeze"],
    [recipe("prune: { kind: magnitude, sparsity: 1 }", teacher), "student.prune.sparsity"],
    [recipe("prune: { kind: rows, sparsity: 0.5 }", teacher), "student.prune.kind"],
    [
      recipe("quantize: int8", "scheme: { name: mutual, peers: [{ family: lenet }] }"),
      "student.quantize quantize is for the offline scheme, and not for mutual",
    ],
    [
      recipe("prune: { kind: channels, sparsity: 0.5 }", teacher, "{ onnx: a.onnx }"),
      "student.prune prune is for students of a family, and not for files",
    ],
    [
      recipe("quantize: int8", `${teacher}\ndistill: [{ loss: simkd }]`),
      "student.quantize quantize does not go with simkd",
    ],
  ])("are refused where they cannot be: %#", (text, problem) => {
    expect(problemOf(text)).toContain(problem);
  });
});
