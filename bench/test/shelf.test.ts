import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ModelResult, Verdict } from "limbeck";
import { afterAll, describe, expect, it } from "vitest";
import { chooseRecipes, parseShelfOptions, ShelfUsageError } from "../src/shelf/options.js";
import { MARKERS, replaceSection, shelfSection } from "../src/shelf/page.js";
import { gatherShelf, type RunRecord } from "../src/shelf/result.js";

const model = (parameters: number, mean: number, sd: number | null): ModelResult => ({
  errors: sd === null ? [0] : [0, 0, 0],
  testSize: 10_000,
  accuracy: { mean, sd },
  agreement: sd === null ? null : { mean: 0.9, sd: 0.001 },
  klToTeacher: null,
  ece: { mean: 0, sd },
  parameters,
  bytes: 0,
  latencyMs: 0,
  peakMemoryBytes: 0,
});

function record(mean: number, verdict: Partial<Verdict>): RunRecord {
  const [teacher, student, baseline] = [
    model(272_000, 0.94, null),
    model(20_000, mean, 0.002),
    model(20_000, 0.88, 0.003),
  ];
  const difference = 10_000 * (mean - 0.88);
  const whole = { helped: difference > 0, difference, relative: 0, pValue: 0.01, significant: true, sentence: "" };
  return {
    status: "done",
    threads: 2,
    seconds: { teacher: 790, "student/seed-2": 90, "student/seed-3": 110, "baseline/seed-2": 40, evaluate: 9 },
    peakMemoryBytes: { teacher: 900e6, "student/seed-2": 300e6, "student/seed-3": 310e6, "baseline/seed-2": 200e6 },
    results: { teacher, student, baseline, verdict: { ...whole, ...verdict }, variants: [] },
    environment: { cpu: "a processor", node: "v20", onnxruntime: "1.30.0" },
  };
}

const shelf = gatherShelf(
  [
    { name: "worse", record: record(0.87, {}) },
    { name: "better", record: record(0.9, { pValue: 0.0001 }) },
    { name: "same", record: record(0.881, { pValue: 0.6, significant: false }) },
  ],
  [{ name: "broken", reason: "limbeck run ended with 2" }],
);

it("the page names every method, what it gained, and what did not help", () => {
  expect(`\n${shelfSection(shelf)}`).toMatchInlineSnapshot(`
    "
    | method | weights | test accuracy, % | gain, points | against the baseline | agreement with the teacher, % | one training | its peak memory |
    | --- | --- | --- | --- | --- | --- | --- | --- |
    | teacher | 272,000 | 94.00 |  |  |  | 13.2 min | 900 MB |
    | baseline | 20,000 | 88.00 ± 0.30 |  |  | 90.00 ± 0.10 | 40 s | 200 MB |
    | \`better\` | 20,000 | 90.00 ± 0.20 | +2.00 | **better**, p < 0.001 | 90.00 ± 0.10 | 1.7 min | 310 MB |
    | \`same\` | 20,000 | 88.10 ± 0.20 | +0.10 | no clear difference, p = 0.600 | 90.00 ± 0.10 | 1.7 min | 310 MB |
    | \`worse\` | 20,000 | 87.00 ± 0.20 | -1.00 | **worse**, p = 0.010 | 90.00 ± 0.10 | 1.7 min | 310 MB |

    The teacher has 272,000 weights, a student 20,000, 13.6 times fewer. Mean ± standard deviation over 3 seeds of students; 10,000 test images. The baseline is the same student with labels alone. p is from Welch's t-test over seeds, against the baseline.

    - Better than the baseline, beyond the noise: \`better\`.
    - Better or worse, but within the noise of so few seeds: they did not clearly help: \`same\`.
    - Worse than the baseline, beyond the noise: they did harm here: \`worse\`.
    - Of 3 comparisons, chance alone would call 0.2 significant where there is no difference.

    - \`broken\` did not come to an end: limbeck run ended with 2

    Recorded by \`npm run shelf\`: a processor, 2 threads, Node v20, ONNX Runtime 1.30.0."
  `);
});

it("nothing to show is an error that says why", () => {
  expect(() => gatherShelf([], [{ name: "kd", reason: "it broke" }])).toThrow(/no recipe came to an end: kd: it broke/);
});

describe("the section between the markers", () => {
  const page = `# Shelf\n${MARKERS.begin}\nold\n${MARKERS.end}\nrest\n`;

  it("is replaced, and the rest of the page is kept", () => {
    const replaced = `# Shelf\n${MARKERS.begin}\n\nnew\n\n${MARKERS.end}\nrest\n`;
    expect(replaceSection(page, "new\n")).toBe(replaced);
    expect(replaceSection(replaced, "new")).toBe(replaced);
  });

  it.each(["", MARKERS.begin, `${MARKERS.end}${MARKERS.begin}`, page + page])("must be there once: %j", (text) => {
    expect(() => replaceSection(text, "new")).toThrow(/once each/);
  });
});

describe("the shelf's command line", () => {
  it("runs all recipes, or those that are asked for, in the shelf's order", () => {
    expect(parseShelfOptions([])).toMatchObject({ json: false, out: "runs/shelf", recipes: "recipes/fashion-mnist" });
    expect(chooseRecipes([], ["kd", "at"])).toEqual(["kd", "at"]);
    expect(chooseRecipes(["at", "kd"], ["kd", "at", "sp"])).toEqual(["kd", "at"]);
  });

  it("refuses what it does not know", () => {
    expect(() => chooseRecipes(["dk"], ["kd"])).toThrow(ShelfUsageError);
    expect(() => parseShelfOptions(["--jason"])).toThrow(/--help/);
  });
});

describe("npm run shelf", () => {
  const folder = mkdtempSync(join(tmpdir(), "limbeck-shelf-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const main = fileURLToPath(new URL("../dist/shelf/main.js", import.meta.url));
  const recipes = join(folder, "recipes");
  mkdirSync(recipes);
  const train = "{ epochs: 1, batchSize: 32 }";
  writeFileSync(
    join(recipes, "kd.yaml"),
    `name: kd
data: { source: digits, train: 300, test: 100 }
teacher: { model: { family: mlp, hidden: [16] }, train: ${train} }
student: { model: { family: mlp, hidden: [4] }, train: ${train} }
seeds: 2
`,
  );
  writeFileSync(join(recipes, "dist.yaml"), "extends: kd.yaml\nname: dist\ndistill: [{ loss: dist }]\n");
  writeFileSync(
    join(recipes, "lost.yaml"),
    "extends: kd.yaml\nname: lost\ndistill: [{ loss: fitnets, student: a, teacher: b }]\n",
  );
  const shelfOf = (...args: string[]) => {
    const env = { ...process.env, LIMBECK_CACHE_DIR: join(folder, "cache") };
    return spawnSync(process.execPath, [main, "--recipes", recipes, "--out", join(folder, "runs"), ...args], {
      env,
      encoding: "utf8",
    });
  };
  const runOf = (name: string) => join(folder, "runs", name, "run.json");

  it("trains teacher and baseline once, compares all methods, goes on where it was, and names what failed", {
    timeout: 240_000,
  }, () => {
    const { stdout, stderr, status } = shelfOf("--json");
    expect(status, stderr).toBe(1);
    const { methods, failed } = JSON.parse(stdout);
    expect(methods.map(({ name }: { name: string }) => name)).toEqual(["kd", "dist"]);
    expect(failed).toMatchObject([{ name: "lost" }]);
    for (const name of ["kd", "dist"]) {
      const { reused } = JSON.parse(readFileSync(runOf(name), "utf8"));
      expect(Object.keys(reused)).toEqual(expect.arrayContaining(["teacher", "baseline/seed-2", "baseline/seed-3"]));
      expect(Object.keys(reused)).not.toContain("student/seed-2");
    }
    const before = statSync(runOf("kd")).mtimeMs;
    const again = shelfOf("--only", "kd");
    expect(again.status, again.stderr).toBe(0);
    expect(again.stdout).toContain("| `kd` |");
    expect(statSync(runOf("kd")).mtimeMs).toBe(before);
    writeFileSync(join(recipes, "dist.yaml"), "extends: kd.yaml\nname: dist\ndistill: [{ loss: dist, weight: 2 }]\n");
    const changed = shelfOf("--only", "dist");
    expect(changed.status).toBe(1);
    expect(changed.stderr).toContain("was changed since");
  });
});
