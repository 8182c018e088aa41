import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeColors } from "../data/images.js";
import { finalFiles, fingerprint, killInTraining, limbeck, temporaryFolder } from "./harness.js";

const model = { family: "mlp", hidden: [8] };
const train = { epochs: 8, batchSize: 6, augment: [{ name: "crop", padding: 1 }, { name: "mixup" }] };

/** A run over photos, of which as many bytes stay in memory as said. */
async function prepare(memory: number | undefined) {
  const folder = temporaryFolder();
  await writeColors(join(folder, "photos"), 12);
  await writeColors(join(folder, "others"), 6, 100);
  const recipe = join(folder, "colors.json");
  const small = {
    name: "colors",
    seeds: 1,
    baseline: false,
    data: { source: { folder: "photos", test: "others", size: 6 }, memory },
    teacher: { model, train },
    student: { model, train },
    distill: [{ loss: "kd" }],
  };
  writeFileSync(recipe, JSON.stringify(small));
  return { recipe, runDir: join(folder, "run") };
}

describe("a run whose samples stay on disk", () => {
  it("ends with the models of one that has them in memory, also when it is killed", async () => {
    const inMemory = await prepare(undefined);
    expect((await limbeck(["run", inMemory.recipe, "--out", inMemory.runDir])).code).toBe(0);
    const files = finalFiles(inMemory.runDir);
    const expected = fingerprint(inMemory.runDir, files);

    const killed = await prepare(1000);
    await killInTraining(killed);
    expect(readFileSync(join(killed.runDir, "metrics.jsonl"), "utf8")).toMatch(
      /"type":"data-plan".*"folder":".*decoded"/,
    );
    expect(fingerprint(killed.runDir, files)).toEqual(expected);
  });
});
