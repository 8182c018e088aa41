import { describe, expect, it } from "vitest";
import { losses } from "../../src/losses/index.js";
import type { Loss } from "../../src/losses/loss.js";
import { parseRecipe } from "../../src/recipe/parse.js";
import { optionFacts } from "../../src/support/option-facts.js";
import { readLossCases } from "./golden.js";

const cases = readLossCases();

/** Shapes of what a golden case looks at. */
const shapesOf = ({ name }: Loss) =>
  new Set(
    cases
      .filter(({ loss }) => loss === name)
      .map(({ studentLogits, features, studentFeatures, heads, saliency }) => {
        const inside = features?.at(-1)?.student ?? studentFeatures?.at(-1) ?? heads?.student.maps ?? saliency?.student;
        return String((inside ?? studentLogits!).shape);
      }),
  );

describe.each(losses.map((loss) => [loss.name, loss] as const))("the record of %s", (name, loss) => {
  it("says what the method is", () => {
    for (const text of [loss.description, loss.formula, loss.use, loss.source]) expect(text.length).toBeGreaterThan(12);
    for (const { name: option, description } of optionFacts(loss.options)) expect(description, option).not.toBe("");
    expect(new Set(loss.needs).size).toBe(loss.needs.length);
    expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  });

  it("has golden values of three shapes", () => expect(shapesOf(loss).size).toBeGreaterThanOrEqual(3));

  it("has a recipe that uses it", () => {
    expect(loss.recipe).toContain(`loss: ${name}`);
    const { distill } = parseRecipe(
      `name: t
data: { source: digits }
teacher: { model: { family: mlp, hidden: [2] }, train: { epochs: 1 } }
student: { model: { family: mlp, hidden: [2] }, train: { epochs: 1 } }
distill:
${loss.recipe}`,
      "t.yaml",
    );
    expect(distill.map((term) => term.loss)).toContain(name);
  });
});

it("names are unique", () => expect(new Set(losses.map(({ name }) => name)).size).toBe(losses.length));
