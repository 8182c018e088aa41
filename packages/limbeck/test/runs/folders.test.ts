import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { writeColors } from "../data/images.js";
import { limbeck, temporaryFolder } from "./harness.js";

const model = { family: "mlp", hidden: [8] };

async function prepare(source: object = {}, changes: object = {}) {
  const folder = temporaryFolder();
  await writeColors(join(folder, "photos"), 12);
  await writeColors(join(folder, "others"), 6, 100);
  const recipe = join(folder, "colors.json");
  const small = {
    name: "colors",
    seeds: 1,
    data: { source: { folder: "photos", test: "others", size: 6, ...source } },
    teacher: { model, train: { epochs: 4, batchSize: 6, learningRate: 0.03 } },
    student: { model, train: { epochs: 4, batchSize: 6, learningRate: 0.03 } },
    ...changes,
  };
  writeFileSync(recipe, JSON.stringify(small));
  return { recipe, folder, runDir: join(folder, "run") };
}

const runOf = (runDir: string) => JSON.parse(readFileSync(join(runDir, "run.json"), "utf8"));

describe("a run over folders of images", () => {
  it("learns their classes, and says what it reads", async () => {
    const { recipe, runDir } = await prepare();
    const { code, stdout, stderr } = await limbeck(["run", recipe, "--out", runDir]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("54 images of 3 × 6 × 6 take 5.8 kB of memory");
    expect(stdout).toMatch(/done {2}reading images +\d/);
    expect(runOf(runDir).results.student.accuracy.mean).toBe(1);
    const report = readFileSync(join(runDir, "report.html"), "utf8");
    for (const name of ["blue", "green", "red"]) expect(report).toContain(name);
  });

  it("stops at corrupt images, or leaves them out and lists them", async () => {
    const { recipe, folder, runDir } = await prepare({}, { baseline: false });
    const broken = join(folder, "photos", "red", "3.png");
    writeFileSync(broken, readFileSync(broken).subarray(0, 60));
    const { code, stderr } = await limbeck(["run", recipe, "--out", runDir]);
    expect(code).toBe(2);
    expect(stderr).toContain(`Of 54 images, 1 cannot be decoded:\n  ${broken}: `);
    writeFileSync(recipe, readFileSync(recipe, "utf8").replace('"size":6', '"size":6,"corrupt":"skip"'));
    const { stdout, ...second } = await limbeck(["run", recipe, "--out", runDir]);
    expect([second.code, second.stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`1 corrupt image was left out:\n  ${broken}: `);
    expect(runOf(runDir).corrupt).toEqual([{ path: broken, problem: expect.any(String) }]);
    expect(readFileSync(join(runDir, "metrics.jsonl"), "utf8")).toContain('"type":"data-skipped"');
  });
});
