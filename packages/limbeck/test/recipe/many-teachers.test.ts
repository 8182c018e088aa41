import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseRecipe } from "../../src/recipe/parse.js";
import { problemOf } from "./problem-of.js";

const ONE = "{ model: { family: mlp, hidden: [4] }, train: { epochs: 3 } }";

/** Line 3 is the teacher, line 4 the rest. */
function recipe(teacher: string, rest = "", student = "epochs: 3"): string {
  return `name: many
data: { source: digits, test: 100 }
teacher: ${teacher}
student: { model: { family: mlp, hidden: [8] }, train: { ${student} } }
${rest}`;
}

describe("a recipe with many teachers", () => {
  it("gets its defaults, and is the same after another pass", () => {
    const text = recipe(
      `{ ensemble: [${ONE}, { onnx: a.onnx }] }`,
      "assistants: [{ model: { family: mlp, hidden: [4] } }]",
    );
    const parsed = parseRecipe(text, "/r/r.yaml");
    expect(parsed.teacher).toMatchObject({ combine: "mean", temperature: 1, ensemble: [{}, { onnx: "/r/a.onnx" }] });
    expect(parsed).toMatchObject({ generations: 1, assistants: [{ model: { family: "mlp" } }] });
    expect(parseRecipe(JSON.stringify(parsed), join("/elsewhere", "r.yaml"))).toEqual(parsed);
  });

  it.each([
    [recipe(`{ ensemble: [${ONE}] }`), /^3:\d+ teacher\.ensemble too small/],
    [
      recipe(`{ ensemble: [${ONE}, ${ONE}], combine: weighted }`),
      /^3:\d+ teacher\.weights is missing, and there are 2 members: give one for each$/,
    ],
    [
      recipe(`{ ensemble: [${ONE}, ${ONE}], combine: weighted, weights: [1, 2, 3] }`),
      /^3:\d\d\d teacher\.weights has 3 numbers, and there are 2 members/,
    ],
    [recipe(`{ ensemble: [${ONE}, ${ONE}], weights: [1, 2] }`), /teacher\.weights combine: mean takes no weights/],
    [recipe(`{ ensemble: [${ONE}, ${ONE}], combine: weighted, weights: [1, 0] }`), /teacher\.weights\[1\] too small/],
    [recipe(`{ ensemble: [${ONE}, ${ONE}], combin: mean }`), /unknown key "combin"; did you mean "combine"\?/],
    [recipe(`{ ensemble: [${ONE}, { onnx: a.onnx, rnage: [0, 1] }] }`), /teacher\.ensemble\[1\]\.rnage unknown key/],
    [
      recipe(`{ ensemble: [${ONE}, ${ONE}], combine: correctness }`, "distill: [{ loss: kd }, { loss: cam }]"),
      /^5:\d+ distill cam looks inside of the teacher, where combine: correctness has no labels/,
    ],
    [
      recipe(`{ ensemble: [${ONE}, ${ONE}], combine: correctness }`, "", "epochs: 3, augment: [{ name: mixup }]"),
      /mixup mixes labels, and combine: correctness needs single ones/,
    ],
    [
      recipe("{ model: { family: mlp, hidden: [4] }, train: { epochs: 3, stopAfter: 4 } }"),
      /teacher\.train\.stopAfter 4 epochs are more/,
    ],
    [
      recipe(ONE, "variants: [{ name: direct, assistants: false }]"),
      /variants\[0\]\.assistants there are no assistants/,
    ],
    [
      recipe(ONE, "assistants: [{ model: { family: mlpp, hidden: [4] } }]"),
      /assistants\[0\]\.model\.family "mlpp" is unknown/,
    ],
    [recipe(ONE, "", "epochs: 3, stopAfter: 2"), /unknown key "stopAfter"/],
  ])("%s", (text, message) => {
    expect(problemOf(text)).toMatch(message);
  });

  it("lets terms look inside of assistants of a teacher that weighs by labels", () => {
    const text = recipe(
      `{ ensemble: [${ONE}, ${ONE}], combine: correctness }`,
      "assistants: [{ model: { family: mlp, hidden: [4] }, distill: [{ loss: kd }] }]\ndistill: [{ loss: kd }, { loss: cam }]",
    );
    expect(parseRecipe(text, "r.yaml").assistants).toHaveLength(1);
  });
});
