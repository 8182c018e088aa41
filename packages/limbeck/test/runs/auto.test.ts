import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { distill, type RunEvent, readRecipe, resume } from "limbeck";
import { beforeAll, describe, expect, it } from "vitest";
import { limbeck, prepareRun } from "./harness.js";

const variants = [
  { name: "longer", train: { epochs: 3 }, baseline: false },
  { name: "no-threes", transfer: { without: [3] }, distill: "auto", baseline: false },
];
const train = { epochs: 2, batchSize: 16 };
const changes = {
  distill: "auto",
  seeds: 1,
  variants,
  student: { model: { family: "mlp", hidden: [8] }, train },
};

describe("a run that chooses its losses", () => {
  const { recipe, runDir } = prepareRun(changes);
  const events: RunEvent[] = [];
  beforeAll(async () => {
    for await (const event of distill(readRecipe(recipe), { runDir })) events.push(event);
  });

  it("says what it chose and why, for variants as well", () => {
    const chosen = events.filter((event) => event.type === "terms-chosen");
    expect(chosen.map(({ variant }) => variant)).toEqual([null, "no-threes"]);
    expect(chosen[0]!.terms.join()).toContain("logit-standardization (weight 9");
    expect(chosen[1]!.reasons[0]).toMatch(/lacks 1 of 4 classes/);
  });

  it("records the terms in the recipe, and shows them in the report", () => {
    const { distill: terms, variants: settled } = readRecipe(join(runDir, "recipe.yaml"));
    expect(terms.map(({ loss }) => loss)).toEqual(["logit-standardization", "cross-entropy"]);
    expect(settled.map(({ distill: own }) => own?.map(({ loss }) => loss))).toEqual([undefined, ["kd"]]);
    const report = readFileSync(join(runDir, "report.html"), "utf8");
    expect(report).toContain("Why these losses");
    expect(report).toContain("the loss is blind to that scale");
  });

  it("keeps to them when it goes on, and when it died while it wrote them down", async () => {
    const settled = readFileSync(join(runDir, "recipe.yaml"), "utf8");
    const original = readFileSync(recipe, "utf8");
    const { openRecipeSha256 } = JSON.parse(readFileSync(join(runDir, "run.json"), "utf8"));
    expect(openRecipeSha256).toMatch(/^[0-9a-f]{64}$/);
    const again: RunEvent[] = [];
    for await (const event of resume(runDir)) again.push(event);
    expect(again.filter(({ type }) => type === "terms-chosen")).toHaveLength(2);
    expect(again.filter((event) => event.type === "phase-end" && !event.reused)).toHaveLength(1);
    expect(readFileSync(join(runDir, "recipe.yaml"), "utf8")).toBe(settled);
    writeFileSync(join(runDir, "recipe.yaml"), original);
    await expect(resume(runDir).next()).rejects.toMatchObject({ code: "RUN_INVALID" });
    writeFileSync(join(runDir, "recipe.yaml"), settled);
  });

  it("prints them", async () => {
    const { stdout } = await limbeck(["resume", runDir]);
    expect(stdout).toContain("distill: auto chose logit-standardization (weight 9");
    expect(stdout).toContain("no-threes: auto chose kd");
  });
});
