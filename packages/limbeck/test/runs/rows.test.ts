import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomStream } from "@limbeck/graph";
import { readRecipe } from "limbeck";
import { beforeAll, describe, expect, it } from "vitest";
import { momentsText } from "../../src/data/moments/moments.js";
import type { RunResults } from "../../src/evaluate/results.js";
import { loadSamples } from "../../src/runs/samples.js";
import { normalNumber } from "../../src/support/normal.js";
import { skewedRows } from "../data/rows.js";
import { problemOf } from "../recipe/problem-of.js";
import { fingerprint, killInTraining, limbeck, temporaryFolder } from "./harness.js";

const ROWS = 600;

/** A file of rows: two correlated columns of other sizes and a whole number; the class depends on all. */
function writeRows(folder: string): readonly string[] {
  const random = randomStream(11);
  const rows = Array.from({ length: ROWS }, () => {
    const z = normalNumber(random);
    const speed = 1500 + 100 * z + 20 * normalNumber(random);
    const torque = 40 - 8 * z + 2 * normalNumber(random);
    const grade = random.below(3);
    const fails = (speed - 1500) / 100 + (torque - 40) / 8 + 0.5 * (grade - 1) > 0;
    return `${speed.toFixed(1)},${torque.toFixed(2)},${grade},${fails ? "yes" : "no"}`;
  });
  writeFileSync(join(folder, "rows.csv"), ["speed,torque,grade,fails", ...rows].join("\n"));
  return rows;
}

const SMALL = {
  name: "rows",
  seeds: 1,
  data: { source: { table: "rows.csv", label: "fails" }, test: 200 },
  teacher: { model: { family: "mlp", hidden: [16] }, train: { epochs: 40, batchSize: 32, learningRate: 0.01 } },
  scheme: { name: "synthesis", rounds: 30 },
  student: { model: { family: "mlp", hidden: [4] }, train: { epochs: 6, batchSize: 32, learningRate: 0.02 } },
};

function prepare(changes: object = {}, folder = temporaryFolder()) {
  const rows = writeRows(folder);
  const recipe = join(folder, "rows.yaml");
  writeFileSync(recipe, JSON.stringify({ ...SMALL, ...changes }));
  return { rows, recipe, folder, runDir: join(folder, "run") };
}

const load = async (recipe: string) => loadSamples(readRecipe(recipe), new AbortController().signal);

const resultsOf = (runDir: string): RunResults => JSON.parse(readFileSync(join(runDir, "run.json"), "utf8")).results;

const textOf = (runDir: string) =>
  readFileSync(join(runDir, "report.html"), "utf8")
    .replaceAll(/<style>[\s\S]*?<\/style>|<script[\s\S]*?<\/script>/g, "")
    .replaceAll(/<[^>]*>/g, " ");

const FILES = [
  ...["student", "baseline"].map((name) => `${name}.onnx`),
  ...["student", "baseline"].flatMap((arm) => [2].map((seed) => `checkpoints/${arm}/seed-${seed}.safetensors`)),
];

describe("a student of rows that are drawn from moments", () => {
  const { rows, recipe, runDir } = prepare();
  let results: RunResults;
  beforeAll(async () => {
    const { code, stderr } = await limbeck(["run", recipe, "--out", runDir]);
    expect(code, stderr).toBe(0);
    results = resultsOf(runDir);
  });

  it("learns what the teacher knows, whose numbers need no preparing", () => {
    expect(results.teacher!.accuracy.mean).toBeGreaterThan(0.9);
    expect(results.student.agreement!.mean).toBeGreaterThan(0.9);
    expect(results.trainedOn).toEqual({
      student: "rows drawn from moments",
      baseline: "random noise",
      unseen: "training row",
    });
    expect(existsSync(join(runDir, "cache"))).toBe(false);
  });

  it("leaves the moments beside the teacher, with no row in them", () => {
    const text = readFileSync(join(runDir, "teacher.moments.json"), "utf8");
    const moments = JSON.parse(text);
    expect(moments).toMatchObject({
      columns: ["speed", "torque", "grade"],
      samples: 400,
      discrete: [false, false, true],
    });
    expect(moments.correlation[0][1]).toBeLessThan(-0.8);
    expect(moments.quantiles[0].length).toBeLessThan(50);
  });

  it("has the same moments as limbeck moments measures alone", async () => {
    const { code, stdout } = await limbeck(["moments", recipe]);
    expect(code).toBe(0);
    expect(stdout).toBe(readFileSync(join(runDir, "teacher.moments.json"), "utf8"));
  });

  it("has a report that shows drawn rows and how columns compare, and no real row", () => {
    const text = textOf(runDir);
    expect(text).toContain("24 synthesized rows, and what the teacher takes each for.");
    expect(text).toMatch(/speed\s+1,50\d/);
    expect(text).toContain("drawn from moments that are stored with the teacher");
    expect(text).not.toContain("Dark knowledge");
    expect(text).not.toMatch(/undefined|NaN/);
    const page = readFileSync(join(runDir, "report.html"), "utf8");
    for (const row of rows) expect(page).not.toContain(row.split(",").slice(0, 2).join("</td><td>"));
  });

  it("is taught by the stored file and the stored moments alone as well", async () => {
    const stored = { onnx: join(runDir, "teacher.onnx"), layout: "nchw" };
    const scheme = { ...SMALL.scheme, moments: join(runDir, "teacher.moments.json") };
    const other = prepare({ teacher: stored, scheme });
    const { code, stderr } = await limbeck(["run", other.recipe, "--out", other.runDir]);
    expect(code, stderr).toBe(0);
    expect(resultsOf(other.runDir).student.errors[0]).toBe(results.student.errors[0]);
  });

  it.skipIf(process.platform !== "linux")("that is killed resumes to the same bits", { timeout: 240_000 }, async () => {
    const killed = prepare();
    await killInTraining(killed);
    expect(fingerprint(killed.runDir, FILES)).toEqual(fingerprint(runDir, FILES));
  });
});

describe("a student of rows that MUNGE makes of a few real ones", () => {
  it("learns, and the report says of how many, and shows none", async () => {
    const data = { ...SMALL.data, transfer: { size: 40 } };
    const { recipe, runDir } = prepare({ data, scheme: { ...SMALL.scheme, by: "munge" } });
    const { code, stderr, stdout } = await limbeck(["run", recipe, "--out", runDir]);
    expect(code, stderr).toBe(0);
    expect(resultsOf(runDir).student.agreement!.mean).toBeGreaterThan(0.85);
    expect(stdout).toContain(
      "The student learned from rows that munge made of 40 real ones, the baseline from random noise.",
    );
    expect(textOf(runDir)).toContain("None of them is shown");
    expect(textOf(runDir)).not.toContain("without a training row");
  });
});

it("a generator makes windows, which the report draws as lines", async () => {
  const scheme = { name: "dfad", width: 2, latent: 8, rounds: 20 };
  const window = { length: 4, step: 2, group: "part" };
  const source = { table: "parts.csv", label: { remaining: [5] }, columns: ["speed", "torque"], window };
  const { recipe, runDir, rows, folder } = prepare({ scheme, data: { source, test: 60 } });
  const parts = rows.map((row, i) => `${Math.floor(i / 20)},${row}`);
  writeFileSync(join(folder, "parts.csv"), ["part,speed,torque,grade,fails", ...parts].join("\n"));
  const { code, stderr } = await limbeck(["run", recipe, "--out", runDir]);
  expect(code, stderr).toBe(0);
  expect(resultsOf(runDir).trainedOn!.student).toBe("generated windows");
  expect(resultsOf(runDir).student.testSize).toBe(63); // of 7 parts with 9 windows each
  const page = readFileSync(join(runDir, "report.html"), "utf8");
  expect(page.match(/aria-label="Generated window \d+, which the teacher takes for/g)).toHaveLength(24);
  expect(page.match(/<polyline/g)).toHaveLength(48);
  expect(textOf(runDir)).toMatch(/A generator made all of its windows/);
  expect(textOf(runDir)).not.toMatch(/undefined|NaN/);
});

it("rows and labels alone make an ordinary run, whose students take rows as they are", async () => {
  const { recipe, runDir } = prepare({
    seeds: 1,
    scheme: "offline",
    student: { ...SMALL.student, train: { ...SMALL.student.train, epochs: 30 } },
  });
  const { code, stderr } = await limbeck(["run", recipe, "--out", runDir]);
  expect(code, stderr).toBe(0);
  expect(resultsOf(runDir).student.accuracy.mean).toBeGreaterThan(0.9);
});

const AUGMENTED = { ...SMALL.teacher, train: { epochs: 1, augment: [{ name: "flip" }] } };

describe("what does not fit rows is refused", () => {
  const data = (changes: object) => ({ data: { ...SMALL.data, ...changes } });
  it.each([
    [{ data: { source: "digits", test: 10 } }, /scheme synthesis makes rows, and the data are images/],
    [{ data: { source: "digits", test: 10 }, scheme: { name: "dfad", moments: "a.json" } }, /moments are of rows/],
    [{ scheme: { name: "synthesis", by: "munge" } }, /data.transfer .*say of how many, such as size: 100/],
    [data({ transfer: { size: 10 } }), /data.transfer the student sees no training sample/],
    [{ scheme: { name: "dfad", related: "digits" } }, /scheme.related related images are no control for rows/],
    [
      { student: { ...SMALL.student, train: { epochs: 1, augment: [{ name: "flip" }] } } },
      /student.train.augment .*rows/,
    ],
    [{ teacher: { ensemble: [SMALL.teacher, AUGMENTED] } }, /teacher.ensemble\[1\].train.augment .*rows/],
    [{ scheme: "offline", assistants: [AUGMENTED] }, /assistants\[0\].train.augment .*rows/],
    [{ scheme: { name: "synthesis", by: "copul" } }, /scheme.by/],
    [data({ source: { table: "rows.csv", label: "fails", columns: [] } }), /data.source.columns/],
  ])("%j", (changes, message) => {
    const problem = problemOf(JSON.stringify({ ...SMALL, ...changes }));
    expect(problem).toMatch(message);
    expect(problem).toMatch(/^1:\d+ /);
  });

  it.each([
    [data({ source: { table: "rows.csv", label: "fail" } }), { code: "RECIPE_INVALID", fix: 'Did you mean "fails"?' }],
    [data({ source: { table: "none.csv", label: "fails" } }), { code: "FILE_MISSING" }],
    [{ scheme: { name: "synthesis", moments: "none.json" } }, { code: "FILE_MISSING" }],
    [{ scheme: { name: "synthesis", moments: "rows.csv" } }, { code: "FILE_UNREADABLE" }],
    [data({ test: 590 }), { code: "DATA_TOO_SMALL" }],
  ])("by the files: %j", async (changes, error) => {
    await expect(load(prepare(changes).recipe)).rejects.toMatchObject(error);
  });

  it("stored moments of other columns", async () => {
    const { recipe, folder } = prepare({ scheme: { name: "synthesis", moments: "moments.json" } });
    const { moments } = skewedRows(50);
    writeFileSync(join(folder, "moments.json"), momentsText(moments));
    const message =
      /moments.json is of column 1, column 2, column 3 \(1 of each\), and the data have speed, torque, grade/;
    await expect(load(recipe)).rejects.toMatchObject({
      code: "RECIPE_INVALID",
      message: expect.stringMatching(message),
    });
  });
});
