import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseRecipe, readRecipe } from "../../src/recipe/parse.js";
import { temporaryFolder } from "../runs/harness.js";
import { problemOf } from "./problem-of.js";

const NET = "model: { family: mlp, hidden: [4] }, train: { epochs: 3 }";
const LOW = `{ owns: [0, 1, 2, 3, 4], ${NET} }`;
const HIGH = "{ owns: [5, 6, 7, 8, 9], onnx: high.onnx }";

/** Line 3 is the teacher, line 4 the student, line 5 the rest. */
function recipe(teacher: string, rest = "", source = "digits"): string {
  return `name: many
data: { source: ${source}, test: 100 }
teacher: ${teacher}
student: { model: { family: mlp, hidden: [8] }, train: { epochs: 3 } }
${rest}`;
}

const FILES = "{ train: { images: a, labels: b } }";

describe("a recipe with specialists", () => {
  it("gets its defaults and whole paths, and is the same after another pass", () => {
    const parsed = parseRecipe(recipe(`{ specialists: [${LOW}, ${HIGH}] }`), "/r/r.yaml");
    expect(parsed.teacher).toMatchObject({
      route: "labels",
      specialists: [{ owns: [0, 1, 2, 3, 4] }, { onnx: "/r/high.onnx", owns: [5, 6, 7, 8, 9] }],
    });
    expect(parseRecipe(JSON.stringify(parsed), "/elsewhere/r.yaml")).toEqual(parsed);
  });

  it("learns by restricted-kd and labels unless it says otherwise, or routes without labels", () => {
    const losses = (route: string, rest = "") =>
      parseRecipe(recipe(`{ specialists: [${LOW}, ${HIGH}], route: ${route} }`, rest), "r.yaml").distill.map(
        ({ loss }) => loss,
      );
    expect(losses("labels")).toEqual(["restricted-kd", "cross-entropy"]);
    expect(losses("confidence")).toEqual(["kd"]);
    expect(losses("labels", "distill: [{ loss: dist }]")).toEqual(["dist"]);
  });

  it("replaces a teacher of another kind in the recipe that it extends", () => {
    const folder = temporaryFolder();
    const [base, over] = [join(folder, "base.yaml"), join(folder, "over.yaml")];
    writeFileSync(base, recipe(`{ specialists: [${LOW}, ${HIGH}] }`));
    writeFileSync(over, `extends: base.yaml\nteacher: { ${NET} }\n`);
    expect(readRecipe(over).teacher).not.toHaveProperty("specialists");
  });

  it.each([
    [
      recipe(`{ specialists: [${LOW}, ${HIGH}] }`, "distill: [{ loss: logit-mse }]"),
      /^5:\d+ distill logit-mse compares with the teacher's logits of every class/,
    ],
    [recipe(`{ specialists: [${LOW}] }`), /^3:\d+ teacher\.specialists too small/],
    [
      recipe(`{ specialists: [${LOW}, { owns: [5, 6, 8, 9], onnx: a.onnx }] }`),
      /^3:25 teacher\.specialists no specialist owns class 7; add it to an owns list/,
    ],
    [
      recipe(`{ specialists: [${LOW}, { owns: [8, 9], onnx: a.onnx }] }`),
      /^3:25 teacher\.specialists no specialist owns classes 5, 6, 7; add them/,
    ],
    [
      recipe(`{ specialists: [${LOW}, { owns: [5, 6, 7, 8, 9, 10], onnx: a.onnx }] }`),
      /^3:\d+ teacher\.specialists\[1\]\.owns\[5\] there is no class 10: the data have 10, counted from 0$/,
    ],
    [
      recipe(`{ specialists: [${LOW}, { owns: [5, 6, 7, 8, 9, 5], onnx: a.onnx }] }`),
      /^3:\d+ teacher\.specialists\[1\]\.owns\[5\] class 5 stands here twice$/,
    ],
    [
      recipe(`{ specialists: [{ owns: [0, 1], onnx: a.onnx }, { owns: [3, 4], onnx: b.onnx }] }`, "", FILES),
      /^3:25 teacher\.specialists no specialist owns class 2/,
    ],
    [recipe(`{ specialists: [${LOW}, { onnx: a.onnx }] }`), /teacher\.specialists\[1\]\.owns is missing/],
    [recipe(`{ specialists: [${LOW}, { owns: [5], onnx: a.onnx }] }`), /specialists\[1\]\.owns too small/],
    [recipe(`{ specialists: [${LOW}, ${HIGH}], rout: even }`), /unknown key "rout"; did you mean "route"\?/],
    [
      recipe(`{ specialists: [${LOW}, ${HIGH}], route: luck }`),
      /"luck" is not one of labels, confidence, energy, even/,
    ],
    [
      recipe(`{ specialists: [${LOW}, ${HIGH}] }`, "answers: { top: 3 }"),
      /^5:\d+ answers\.top specialists' answers stand side by side/,
    ],
    [
      recipe(
        `{ specialists: [${LOW}, ${HIGH}] }`,
        "variants: [{ name: v, transfer: { without: [3] }, correctBiases: true }]",
      ),
      /^5:\d+ variants\[0\]\.correctBiases specialists have no priors/,
    ],
  ])("is refused by line and column", (text, problem) => {
    expect(problemOf(text)).toMatch(problem);
  });
});
