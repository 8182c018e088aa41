import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createGraph, ops, toOnnx } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { exportStudent } from "limbeck";
import { beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { limbeck, temporaryFolder } from "../runs/harness.js";
import { digitsRun } from "./fixture.js";

const CARD = { license: "cc-by-sa-4.0", teacher: "someone/teacher", limits: "Not for | checks.", tags: ["digits"] };

describe("limbeck export", () => {
  let runDir: string;
  beforeAll(async () => {
    runDir = await digitsRun({ card: CARD });
  });

  /** A copy of the run that a test may spoil. */
  function copyOfRun(): string {
    const copy = join(temporaryFolder(), "run");
    cpSync(runDir, copy, { recursive: true, filter: (path) => !/\/\.?export/.test(path.slice(runDir.length)) });
    return copy;
  }

  const filesOf = (folder: string) =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
      .sort();

  it("writes the student and what it takes, nothing else, and tells it in one JSON document", async () => {
    const out = join(temporaryFolder(), "a/b");
    const args = ["export", runDir, "--out", out, "--variant", "ort", "--no-playground", "--json"];
    const { code, stdout, stderr } = await limbeck(args);
    expect([code, stderr]).toEqual([0, ""]);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ status: "done", folder: out });
    const files = filesOf(out);
    expect(files).toEqual([
      "README.md",
      "config.json",
      "limbeck.json",
      "model.ort",
      "onnx/model.onnx",
      "package.json",
      "predict.d.ts",
      "predict.js",
      "predict.ts",
      "preprocessor_config.json",
    ]);
    expect(Object.keys(document.files).sort()).toEqual(files.filter((name) => name !== "limbeck.json"));
    expect(readFileSync(join(out, "model.ort")).subarray(4, 8).toString()).toBe("ORTM");
  });

  it("writes the same model as .onnx and as .ort, for any batch", async () => {
    const { folder } = await exportStudent(runDir, { out: temporaryFolder(), variants: ["ort"], playground: false });
    const images = Float32Array.from({ length: 3 * 3 * 784 }, (_, i) => ((i * 7) % 256) / 255);
    const answers = [];
    for (const file of ["onnx/model.onnx", "model.ort"]) {
      const session = await nodeBackend.createSession(readFileSync(join(folder, file)), { threads: 1 });
      const { logits } = await session.run({ pixel_values: nodeBackend.tensor("float32", images, [3, 3, 28, 28]) });
      expect(logits!.dims).toEqual([3, 10]);
      answers.push([...(logits!.data as Float32Array)]);
    }
    for (const [i, logit] of answers[0]!.entries()) expect(answers[1]![i]).toBeCloseTo(logit, 4);
  });

  it("writes a model card of what was measured and what the recipe says, and no path of this machine", async () => {
    const { folder } = await exportStudent(runDir, { out: temporaryFolder(), playground: false });
    const card = readFileSync(join(folder, "README.md"), "utf8");
    const [, front] = card.split("---\n");
    const { results } = JSON.parse(readFileSync(join(runDir, "run.json"), "utf8"));
    const facts = parse(front!);
    expect(facts).toMatchObject({
      license: "cc-by-sa-4.0",
      datasets: ["ylecun/mnist"],
      base_model: "someone/teacher",
      tags: expect.arrayContaining(["digits", "knowledge-distillation"]),
    });
    const [accuracy] = facts["model-index"][0].results[0].metrics;
    expect(accuracy.value).toBeCloseTo(results.student.accuracy.mean, 3);
    expect(accuracy.name).toContain("2 seeds");
    expect(card).toContain("Not for | checks.");
    expect(card).toContain("seeds 2, 3");
    expect(card).toContain("name: tiny-digits");
    expect(card).not.toMatch(/\/(tmp|home|work)\//);
  });

  it("takes a license on the command line before the recipe's; unknown ones are called other", async () => {
    const out = temporaryFolder();
    await exportStudent(runDir, { out, license: "My: own\nlicense", playground: false });
    const front = parse(readFileSync(join(out, "README.md"), "utf8").split("---\n")[1]!);
    expect(front).toMatchObject({ license: "other", license_name: "My: own\nlicense" });
  });

  it("replaces an earlier export when it is told to, and nothing else", async () => {
    const out = temporaryFolder();
    await exportStudent(runDir, { out, playground: false });
    await expect(exportStudent(runDir, { out })).rejects.toMatchObject({ code: "FILE_EXISTS" });
    const before = readFileSync(join(out, "limbeck.json"), "utf8");
    await exportStudent(runDir, { out, force: true, variants: ["ort"], playground: false });
    expect(readFileSync(join(out, "limbeck.json"), "utf8")).not.toBe(before);
    writeFileSync(join(out, "mine.txt"), "mine");
    await expect(exportStudent(runDir, { out, force: true })).rejects.toMatchObject({
      code: "FILE_EXISTS",
      message: expect.stringContaining("mine.txt"),
    });
    expect(readFileSync(join(out, "mine.txt"), "utf8")).toBe("mine");
    const foreign = temporaryFolder();
    writeFileSync(join(foreign, "thesis.tex"), "");
    await expect(exportStudent(runDir, { out: foreign, force: true })).rejects.toMatchObject({ code: "FILE_EXISTS" });
    expect(filesOf(foreign)).toEqual(["thesis.tex"]);
  });

  it("leaves nothing where it is stopped", async () => {
    const parent = temporaryFolder();
    const stopped = exportStudent(runDir, { out: join(parent, "out"), signal: AbortSignal.abort() });
    await expect(stopped).rejects.toThrow();
    expect(readdirSync(parent)).toEqual([]);
  });

  const spoiled: readonly (readonly [string, (run: string) => void, string])[] = [
    ["a folder that is no run", (run) => rmSync(join(run, "run.json")), "RUN_INVALID"],
    ["a run that is not over", (run) => change(run, { status: "interrupted" }), "RUN_INVALID"],
    ["a run that went to its teacher", (run) => change(run, { results: undefined, goal: "teacher" }), "RUN_INVALID"],
    ["a run that does not say what its student takes", (run) => change(run, { samples: undefined }), "RUN_INVALID"],
    ["a run without its student", (run) => rmSync(join(run, "student.onnx")), "FILE_MISSING"],
    ["a student that is a folder", (run) => replaceByFolder(join(run, "student.onnx")), "FILE_UNREADABLE"],
    ["a student that is cut short", (run) => cut(join(run, "student.onnx")), "MODEL_INVALID"],
    ["another model", (run) => writeFileSync(join(run, "student.onnx"), otherModel()), "RUN_INVALID"],
    ["a changed recipe", (run) => writeFileSync(join(run, "recipe.yaml"), "name: x"), "RUN_INVALID"],
  ];

  it.each(spoiled)("refuses %s, and writes nothing", async (_, spoil, code) => {
    const run = copyOfRun();
    spoil(run);
    await expect(exportStudent(run)).rejects.toMatchObject({ code, fix: expect.any(String) });
    expect(readdirSync(run).filter((name) => name.includes("export"))).toEqual([]);
  });

  it("refuses variants that there are not, with the nearest name", async () => {
    const { code, stdout } = await limbeck(["export", runDir, "--variant", "fp23", "--json"]);
    expect([code, JSON.parse(stdout).error]).toMatchObject([2, { code: "OPTION_INVALID", fix: "Did you mean fp32?" }]);
    expect(existsSync(join(runDir, "export"))).toBe(false);
  });
});

function change(run: string, facts: object): void {
  const path = join(run, "run.json");
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), ...facts }));
}

function cut(path: string): void {
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.subarray(0, bytes.length >> 1));
}

function replaceByFolder(path: string): void {
  rmSync(path);
  mkdirSync(path);
}

/** A model that takes smaller images. */
function otherModel(): Uint8Array {
  const graph = createGraph();
  graph.output("logits", ops.flatten(graph.input("images", "float32", [1, 1, 2, 5])));
  return toOnnx(graph);
}
