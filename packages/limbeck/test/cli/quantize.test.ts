import { copyFileSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspectModel } from "@limbeck/graph";
import { evaluateModels, quantizeFile } from "limbeck";
import { beforeAll, describe, expect, it } from "vitest";
import { limbeck, prepareRun } from "../runs/harness.js";

const { folder, recipe, runDir } = prepareRun({
  seeds: 1,
  student: {
    model: { family: "resnet", depth: 8, width: 0.25 },
    train: { epochs: 1, batchSize: 16 },
  },
});
const student = join(folder, "model.onnx");

beforeAll(async () => {
  const { code, stdout } = await limbeck(["run", recipe, "--out", runDir, "--json"]);
  expect(code, stdout).toBe(0);
  copyFileSync(join(runDir, "student.onnx"), student);
});

const quantize = (...args: string[]) => limbeck(["quantize", student, ...args, "--threads", "1"]);

describe("limbeck quantize", () => {
  it("writes a model in 8 bits beside the file, and tells what that changed and where", async () => {
    const { code, stdout, stderr } = await quantize("--to", "int8-static", "--data", runDir, "--samples", "20");
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^same answer +[\d.]+% \[[\d.]+, [\d.]+\]$/m);
    expect(stdout).toMatch(/^hurts most, alone +operator +weights +SQNR +same answer/m);
    expect(stdout).toContain("10 of 10 layers are quantized. Ranges are those of 20 training samples.");
    const file = join(folder, "model.int8-static.onnx");
    expect(statSync(file).size).toBeLessThan(statSync(student).size);
    const { operators } = await inspectModel(readFileSync(file));
    expect(operators.some(({ operator }) => operator === "QuantizeLinear")).toBe(true);
  });

  it("writes a page with all layers and ranges", async () => {
    const page = join(folder, "page.html");
    const args = ["--to", "int8-static", "--data", runDir, "--samples", "9", "--report", page, "--json"];
    const { code, stdout } = await quantize(...args, "--out", join(folder, "paged.onnx"));
    expect(code, stdout).toBe(0);
    const { report } = JSON.parse(stdout);
    expect(report.options).toEqual({ samples: 9 });
    const places = report.layers.map(({ place }: { place: number }) => place);
    expect(places.sort((a: number, b: number) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const text = readFileSync(page, "utf8");
    for (const { name, input, bytes } of report.layers) {
      expect(text).toContain(name);
      expect(bytes.after).toBeLessThan(bytes.before + 1500);
      expect(report.ranges[input].max).toBeGreaterThan(0);
    }
    const { value, low, high } = report.closeness.accuracy.difference;
    expect(low).toBeLessThanOrEqual(value);
    expect(high).toBeGreaterThanOrEqual(value);
    const again = await quantize(...args, "--out", join(folder, "other.onnx"));
    expect(JSON.parse(again.stdout).error.code).toBe("FILE_EXISTS");
    expect(existsSync(join(folder, "other.onnx"))).toBe(false);
  });

  it("prints one JSON document; does not write over a file without being told", async () => {
    const out = join(folder, "dynamic.onnx");
    const args = ["--to", "int8-dynamic", "--data", recipe, "--out", out, "--json", "--no-layers"];
    const { code, stdout } = await quantize(...args);
    expect(code).toBe(0);
    const { report } = JSON.parse(stdout);
    expect(report).toMatchObject({ format: "int8-dynamic", calibrated: 0, closeness: { samples: 80 } });
    expect(report.closeness.agreement.value).toBeGreaterThan(0.8);
    const again = await quantize(...args);
    expect([again.code, JSON.parse(again.stdout).error.code]).toEqual([2, "FILE_EXISTS"]);
  });

  it.each([
    [["--to", "int8-static"], "OPTION_INVALID", "finds ranges from samples"],
    [
      ["--to", "int8-dynamic", "--exclude", "nothing*"],
      "OPTION_INVALID",
      "no layer that could be quantized fits nothing*",
    ],
    [["--to", "int8-dynamic", "--max-drop", "0.01"], "OPTION_INVALID", "not known without samples"],
    [["--to", "int4"], "MODEL_UNSUPPORTED", "no layer that int4 makes smaller"],
  ])("refuses %j", async (args, code, text) => {
    const found = await quantize(...args, "--out", join(folder, "none.onnx"), "--json");
    expect(found.code).toBe(2);
    const { error } = JSON.parse(found.stdout);
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(text)]);
    expect(existsSync(join(folder, "none.onnx"))).toBe(false);
  });

  it("refuses a file that is none, and a format that is none", async () => {
    const broken = join(folder, "broken.onnx");
    writeFileSync(broken, readFileSync(student).subarray(0, 3000));
    const found = await limbeck(["quantize", broken, "--to", "fp16", "--json"]);
    expect(JSON.parse(found.stdout).error.code).toBe("MODEL_INVALID");
    expect((await quantize("--to", "int9")).stderr).toContain("It is one of fp16, int8-dynamic, int8-static, int4.");
  });
});

describe("quantizeFile", () => {
  it("leaves the layers that hurt most as they are until few answers change", async () => {
    const strict = { to: "int8-static", data: runDir, threads: 1, maxDrop: 0, samples: 10 } as const;
    const { report } = await quantizeFile(student, strict);
    const left = report.layers.filter(({ quantized }) => !quantized);
    expect(report.closeness!.agreement.value === 1 || left.length === report.layers.length).toBe(true);
    expect(report.layers.slice(0, left.length)).toEqual(left);
    const sizes = report.layers.map(({ sqnr }) => sqnr!);
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
  });

  it.each([
    [{ to: "fp16", maxDrop: 0.01, data: "x.yaml" }, "fp16 does not heed maxDrop"],
    [{ to: "int8-dynamic", method: "entropy" }, "int8-dynamic does not heed method"],
    [{ to: "int8-dynamic", perChannel: false }, "int8-dynamic does not heed perChannel"],
    [{ to: "int8-static", block: 64 }, "int8-static does not heed block"],
    [{ to: "int8-static", percentile: 99 }, "percentile 99 with the method minmax"],
    [{ to: "fp16", heldOut: 9 }, "nothing that samples could be taken of"],
  ] as const)("refuses %j, which would change nothing", async (options, message) => {
    const error = { code: "OPTION_INVALID", message: expect.stringContaining(message) };
    await expect(quantizeFile(student, options)).rejects.toMatchObject(error);
  });

  it("asks models one sample at a time whose ranges are those of a batch, as evaluating does", async () => {
    const settings = { to: "int8-dynamic", data: recipe, threads: 1, layers: false } as const;
    const { model, report } = await quantizeFile(student, settings);
    const small = join(folder, "singly.onnx");
    writeFileSync(small, model);
    const skip = ["cost", "robustness"] as const;
    const { models } = await evaluateModels({
      data: recipe,
      models: [student, small],
      threads: 1,
      skip,
      resamples: 10,
    });
    const [before, after] = models.map(({ task }) => task.accuracy.value);
    expect(report.closeness!.accuracy!.before.value).toBe(before);
    expect(report.closeness!.accuracy!.after.value).toBe(after);
    expect(report.closeness!.agreement.value).toBe(models[1]!.comparison!.agreement.value);
  });

  it("has fp16 for models of any kind, without samples", async () => {
    const { report } = await quantizeFile(student, { to: "fp16" });
    expect(report.closeness).toBeUndefined();
    expect(report.halves).toEqual({ clipped: 0, vanished: 0 });
    expect(report.bytes.after).toBeLessThan(0.75 * report.bytes.before);
  });
});
