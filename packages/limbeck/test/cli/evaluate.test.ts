import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { evaluateModels } from "limbeck";
import { beforeAll, describe, expect, it } from "vitest";
import { limbeck, prepareRun } from "../runs/harness.js";

const { folder, recipe, runDir } = prepareRun({ seeds: 1 });
const student = join(runDir, "student.onnx");
const quick = ["--threads", "1", "--skip", "cost,robustness"];

beforeAll(async () => {
  const { code, stdout } = await limbeck(["run", recipe, "--out", runDir, "--json"]);
  expect(code, stdout).toBe(0);
});

const page = (path: string) => readFileSync(path, "utf8");

describe("limbeck evaluate", () => {
  it("compares a run's own models on its test part, and leaves a report in the run folder", async () => {
    const { code, stdout, stderr } = await limbeck(["evaluate", runDir, "--threads", "1"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("80 images of");
    expect(stdout).toMatch(/^Quality +teacher +student +baseline$/m);
    expect(stdout).toMatch(/^Accuracy +[\d.]+% \[[\d.]+, [\d.]+\] +[\d.]+% \[/m);
    expect(stdout).toMatch(/^Beside teacher +student +baseline$/m);
    for (const label of [
      "Macro F1",
      "Forgotten",
      "ECE",
      "Shift",
      "After gzip",
      "Latency p50, p95, 1 thread",
      "Peak memory",
    ]) {
      expect(stdout).toMatch(new RegExp(`^${label} `, "m"));
    }
    expect(stdout).toMatch(/^student makes (as many|\d+ (more|fewer)) errors? (as|than) teacher/m);
    expect(stdout).toContain("evaluation.html");
    const html = page(join(runDir, "evaluation.html"));
    for (const id of [
      "quality",
      "beside",
      "front",
      "forgotten",
      "classes",
      "calibration",
      "robustness",
      "cost",
      "setting",
    ]) {
      expect(html).toContain(`<h2 id="${id}">`);
    }
    expect(html).toContain("data:image/png;base64,");
    expect(JSON.parse(page(join(runDir, "evaluation.json")))).toMatchObject({ format: 1, reference: "teacher" });
  });

  it("prints one JSON document, and the same figures as the run measured", async () => {
    const { code, stdout, stderr } = await limbeck(["evaluate", runDir, ...quick, "--json"]);
    expect(code).toBe(0);
    expect(stderr).toContain("done  teacher answers");
    const { status, evaluation } = JSON.parse(stdout);
    expect([status, evaluation.settings.skip]).toEqual(["done", ["cost", "robustness"]]);
    const { results } = JSON.parse(page(join(runDir, "run.json")));
    for (const { name, task, comparison, calibration } of evaluation.models) {
      expect(task.errors).toBe(results[name].errors[0]);
      expect(calibration.all.ece).toBeCloseTo(results[name].ece.mean, 9);
      if (comparison) expect(comparison.kl.value).toBeCloseTo(results[name].klToTeacher.mean, 6);
    }
  });

  it("adds files beside a run's, by name, and compares with any of them", async () => {
    const other = join(folder, "other.onnx");
    copyFileSync(student, other);
    const out = join(folder, "out");
    const args = [
      "evaluate",
      runDir,
      other,
      `again=${student}`,
      ...quick,
      "--reference",
      "student",
      "--out",
      out,
      "--json",
    ];
    const { code, stdout } = await limbeck(args);
    expect(code, stdout).toBe(0);
    const { report, evaluation } = JSON.parse(stdout);
    expect(report).toBe(join(out, "evaluation.html"));
    expect(evaluation.models.map(({ name }: { name: string }) => name)).toEqual([
      "teacher",
      "student",
      "baseline",
      "other",
      "again",
    ]);
    for (const { comparison } of evaluation.models.slice(3)) {
      expect(comparison).toMatchObject({
        agreement: { value: 1 },
        kl: { value: 0 },
        churn: { forgotten: 0, learned: 0 },
      });
    }
  });

  it("takes a recipe's samples, and writes nothing where no folder is named", async () => {
    const { code, stdout } = await limbeck(["evaluate", student, "--data", recipe, ...quick, "--samples", "40"]);
    expect([code, existsSync(join(folder, "evaluation.html"))]).toEqual([0, false]);
    expect(stdout).toContain("40 images of");
    expect(stdout).toContain("--out <folder> writes this as a report");
  });

  it("reads an evaluation file: data, models, what they take", async () => {
    const file = write("models.yaml", {
      models: { small: "run/student.onnx", shown: { onnx: "run/student.onnx", range: [0, 1], answers: "logits" } },
      reference: "shown",
    });
    const { code, stdout } = await limbeck([
      "evaluate",
      file,
      `big=${join(runDir, "teacher.onnx")}`,
      ...quick,
      "--json",
    ]);
    expect(code, stdout).toBe(0);
    const { evaluation } = JSON.parse(stdout);
    expect(evaluation).toMatchObject({ reference: "shown", data: { samples: 50 } });
    expect(evaluation.models.map(({ name }: { name: string }) => name)).toEqual(["small", "shown", "big"]);
  });

  function write(name: string, changes: object): string {
    const path = join(folder, name);
    const { data } = JSON.parse(page(recipe));
    writeFileSync(path, JSON.stringify({ data: { source: data.source, test: 50 }, ...changes }));
    return path;
  }

  const wrong: readonly (readonly [string, () => string[], string, RegExp])[] = [
    ["no data", () => [student], "OPTION_INVALID", /which samples/],
    ["two kinds of data", () => [runDir, "--data", recipe], "OPTION_INVALID", /both/],
    ["a path that is not there", () => [join(folder, "none")], "FILE_MISSING", /does not exist/],
    ["a file that is no model", () => [runDir, `text=${recipe}`], "MODEL_FAILED", /^text cannot be loaded/],
    ["an unknown part", () => [runDir, "--skip", "costs"], "USAGE", /robustness and cost/],
  ];
  it.each(wrong)("refuses %s", async (_, args, code, message) => {
    const { code: exit, stdout } = await limbeck(["evaluate", ...args(), "--json"]);
    const { status, error } = JSON.parse(stdout);
    expect([exit, status, error.code]).toEqual([2, "failed", code]);
    expect(error.message).toMatch(message);
  });

  const unreadable: readonly (readonly [string, () => Parameters<typeof evaluateModels>[0], string, RegExp])[] = [
    ["a recipe without models", () => ({ data: recipe }), "OPTION_INVALID", /no model/],
    ["data that are not there", () => ({ data: join(folder, "none") }), "FILE_MISSING", /does not exist/],
    ["a folder that is no run's", () => ({ data: emptyFolder() }), "RUN_INVALID", /not a run folder/],
    ["an unknown reference", () => ({ data: runDir, reference: "techer" }), "OPTION_INVALID", /techer/],
    [
      "a misspelt key",
      () => ({ data: misspelt() }),
      "RECIPE_INVALID",
      /key\.yaml:1:\d+ models\.a\.rnge: .*mean "range"/,
    ],
    [
      "a model without a file",
      () => ({ data: write("no.yaml", { models: { a: {} } }) }),
      "RECIPE_INVALID",
      /models\.a/,
    ],
    ["broken YAML", () => ({ data: broken() }), "RECIPE_SYNTAX", /broken\.yaml:1/],
  ];
  it.each(unreadable)("the library refuses %s", async (_, options, code, message) => {
    await expect(evaluateModels(options())).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  function misspelt(): string {
    return write("key.yaml", { models: { a: { onnx: "a.onnx", rnge: [0, 1] } } });
  }

  function emptyFolder(): string {
    mkdirSync(join(folder, "empty"), { recursive: true });
    return join(folder, "empty");
  }

  function broken(): string {
    const path = join(folder, "broken.yaml");
    writeFileSync(path, "{ models: [");
    return path;
  }

  it("stops at Ctrl-C, between two batches, and leaves nothing", async () => {
    const out = join(folder, "stopped");
    const { code, stdout } = await limbeck(["evaluate", runDir, "--out", out], (child) => {
      child.stdout!.on("data", (text) => {
        if (String(text).includes("statistics")) child.kill("SIGINT");
      });
    });
    expect([code, existsSync(out)]).toEqual([130, false]);
    expect(stdout).toMatch(/Stopping after this step.*Stopped\. Nothing was written\./s);
  });
});
