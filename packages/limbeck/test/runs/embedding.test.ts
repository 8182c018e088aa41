import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { env, pipeline, RawImage } from "@huggingface/transformers";
import { randomStream } from "@limbeck/graph";
import {
  type EmbeddingControl,
  type EmbeddingEvaluation,
  type EmbeddingResults,
  evaluateModels,
  exportStudent,
  readRecipe,
  search,
} from "limbeck";
import * as ort from "onnxruntime-node";
import { beforeAll, describe, expect, it } from "vitest";
import type * as Wrapper from "../../src/export/wrapper/embedder.js";
import { buildModel } from "../../src/models/index.js";
import { toOnnxModel } from "../../src/models/inference.js";
import { initialize } from "../../src/models/model.js";
import { checkArms } from "../../src/runs/checks.js";
import { loadSamples } from "../../src/runs/samples.js";
import { openEmbedder } from "../../src/teachers/onnx/embedder.js";
import type { OnnxTeacherOptions } from "../../src/teachers/onnx/options.js";
import { npyOf } from "../data/numpy.js";
import { writeNetwork } from "../imported/files.js";
import { finalFiles, fingerprint, killInTraining, limbeck, temporaryFolder } from "./harness.js";

/** Gray images of 6 × 6, which nobody has labelled: a bright bar somewhere. */
function bars(count: number, seed: number): Uint8Array {
  const random = randomStream(seed);
  return Uint8Array.from({ length: count }, () => random.below(12)).reduce(
    (pixels, bar, image) => {
      for (let i = 0; i < 36; i++) {
        const place = bar < 6 ? Math.floor(i / 6) : i % 6;
        pixels[image * 36 + i] = (place === bar % 6 ? 180 : 20) + random.below(50);
      }
      return pixels;
    },
    new Uint8Array(count * 36),
  );
}

const GEOMETRY = { channels: 1, height: 6, width: 6 };

/** A network that nobody trained, whose answers are the embedding. */
function writeTeacher(folder: string): void {
  const model = buildModel({ family: "mlp", hidden: [16] }, GEOMETRY, 8);
  writeFileSync(join(folder, "teacher.onnx"), toOnnxModel(model, GEOMETRY, initialize(model, 1)));
}

function prepare(changes: object = {}) {
  const folder = temporaryFolder();
  writeTeacher(folder);
  writeNetwork(folder);
  writeFileSync(join(folder, "x.npy"), npyOf([240, 6, 6], bars(240, 1)));
  writeFileSync(join(folder, "test.npy"), npyOf([60, 6, 6], bars(60, 2)));
  const recipe = join(folder, "vectors.json");
  const written = {
    name: "vectors",
    task: "embedding",
    data: { source: { images: "x.npy", test: { images: "test.npy" } } },
    teacher: { onnx: "teacher.onnx" },
    student: { model: { family: "mlp", hidden: [24] }, train: { epochs: 40, batchSize: 16, learningRate: 0.01 } },
    distill: [{ loss: "cosine" }, { loss: "fitnets", regressor: "none", weight: 1 }],
    seeds: 2,
    ...changes,
  };
  writeFileSync(recipe, JSON.stringify(written));
  return { folder, recipe, runDir: join(folder, "run") };
}

const resultsOf = (runDir: string): EmbeddingResults =>
  JSON.parse(readFileSync(join(runDir, "run.json"), "utf8")).results;

/** What is checked before a run trains anything. */
async function check(changes: object): Promise<void> {
  const recipe = readRecipe(prepare(changes).recipe);
  const samples = await loadSamples(recipe, new AbortController().signal);
  const { model, width } = await openEmbedder(recipe.teacher as OnnxTeacherOptions, samples.train.dataset, [16]);
  checkArms(recipe, samples, { model, width });
}

describe("a run whose task is embedding", () => {
  const relations = [{ loss: "rkd-distance" }];
  const { recipe, runDir } = prepare({ variants: [{ name: "relations", train: { epochs: 3 }, distill: relations }] });
  let document: { status: string; results: EmbeddingResults };
  beforeAll(async () => {
    const { code, stdout, stderr } = await limbeck(["run", recipe, "--out", runDir, "--json"]);
    expect([code, stderr]).toEqual([0, expect.stringContaining("to the teacher")]);
    document = JSON.parse(stdout);
  }, 120_000);

  it("gives a student of the teacher's width, nearer to it than an untrained one and the mean", () => {
    const { results } = document;
    expect(results).toEqual(resultsOf(runDir));
    expect(results).toMatchObject({ task: "embedding", dimensions: { teacher: 8, student: 8 }, testSize: 60 });
    const { student, controls, retrieval, variants } = results;
    expect(controls.map(({ name }) => name)).toEqual(["untrained", "linear", "mean"]);
    const [untrained, linear, mean] = controls as [EmbeddingControl, EmbeddingControl, EmbeddingControl];
    for (const { cosine, relativeError } of [untrained, mean]) {
      expect(student.cosine!.mean).toBeGreaterThan(cosine!.mean);
      expect(student.relativeError!.mean).toBeLessThan(relativeError!.mean);
    }
    expect(linear.relativeError!.mean).toBeLessThan(mean.relativeError!.mean);
    expect(student.recall10!.mean).toBeGreaterThan(2 * retrieval.chance10);
    expect(student.cosine!.sd).toBeGreaterThan(0);
    expect(variants).toMatchObject([{ name: "relations", epochs: 3, transferSize: 240 }]);
    expect(results.summary).toContain("cosine of");
  });

  it("tells how near the student comes, epoch by epoch, and writes a report", () => {
    const lines = readFileSync(join(runDir, "metrics.jsonl"), "utf8").trim().split("\n");
    const epochs = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === "epoch");
    expect(epochs.length).toBeGreaterThan(40);
    expect(epochs[39]).toMatchObject({ errors: null, cosine: expect.any(Number) });
    expect(epochs[39].cosine).toBeGreaterThan(epochs[0].cosine);
    const report = readFileSync(join(runDir, "report.html"), "utf8");
    expect(report).toContain("How like the teacher");
    expect(report.slice(0, report.indexOf("<script"))).not.toMatch(/NaN|undefined/);
  });

  it("is exported with a wrapper and for pipelines, whose embeddings are those of student.onnx", async () => {
    const { folder } = await exportStudent(runDir, { variants: ["int8"] });
    const { load, similarity, DIMENSIONS }: typeof Wrapper & { DIMENSIONS: number } = await import(
      /* @vite-ignore */ pathToFileURL(join(folder, "embed.js")).href
    );
    expect(DIMENSIONS).toBe(8);
    const pixels = bars(3, 9);
    const images = [0, 1, 2].map((i) => ({ data: pixels.subarray(i * 36, (i + 1) * 36), width: 6, height: 6 }));
    const found = await (await load(ort, join(folder, "onnx/model.onnx"))).embedAll(images);
    const session = await ort.InferenceSession.create(join(runDir, "student.onnx"));
    const input = new ort.Tensor(
      "float32",
      Float32Array.from(pixels, (value) => value / 255),
      [3, 1, 6, 6],
    );
    const wanted = (await session.run({ images: input })).embedding!.data as Float32Array;
    for (const [i, value] of found.flatMap((row) => [...row]).entries()) expect(value).toBeCloseTo(wanted[i]!, 4);
    expect(similarity(found[0]!, found[0]!)).toBeCloseTo(1, 6);

    env.allowRemoteModels = false;
    env.localModelPath = runDir;
    const embed = await pipeline("image-feature-extraction", "export", { dtype: "fp32" });
    const { data, dims } = await embed(new RawImage(Uint8ClampedArray.from(images[0]!.data), 6, 6, 1));
    expect(dims).toEqual([1, 8]);
    for (const [i, value] of [...(data as Float32Array)].entries()) expect(value).toBeCloseTo(wanted[i]!, 4);
    expect(readFileSync(join(folder, "README.md"), "utf8")).toContain("pipeline_tag: image-feature-extraction");
  });

  it("is compared by limbeck evaluate with the figures that the run measured", async () => {
    const args = ["evaluate", runDir, `file=${join(runDir, "../teacher.onnx")}`, "--threads", "1", "--skip", "cost"];
    const { code, stdout, stderr } = await limbeck([...args, "--json"]);
    expect([code, stderr]).toEqual([0, expect.stringContaining("done  teacher answers")]);
    const { report, evaluation } = JSON.parse(stdout) as { report: string; evaluation: EmbeddingEvaluation };
    expect(evaluation).toMatchObject({ task: "embedding", reference: "teacher", data: { samples: 60, classes: [] } });
    const [teacher, student, file] = evaluation.models;
    expect(teacher).toMatchObject({ name: "teacher", dimensions: 8, comparison: null, neighbors: null });
    // The run has two seeds, and exports the first.
    const { mean, sd } = resultsOf(runDir).student.cosine!;
    expect(Math.abs(student!.comparison!.cosine!.value - mean)).toBeCloseTo(sd! / Math.SQRT2, 5);
    expect(file!.comparison!.relativeError!.value).toBeCloseTo(0, 6);
    const page = readFileSync(report, "utf8");
    for (const id of ["quality", "beside", "moved", "robustness", "setting"]) expect(page).toContain(`<h2 id="${id}">`);
    expect(page.slice(0, page.indexOf("<script"))).not.toMatch(/NaN|undefined/);
    const shown = await limbeck([...args, "--skip", "cost,robustness"]);
    expect(shown.stdout).toMatch(
      /^student has a cosine of 0\.\d{3} to teacher on average; of a sample's ten nearest$/m,
    );
  });

  it("is looked at by the doctor, with the same figures", async () => {
    const { findings, advice } = JSON.parse((await limbeck(["doctor", runDir, "--threads", "1", "--json"])).stdout);
    expect(findings).toMatchObject({ task: "embedding", teacher: { dimensions: 8 }, student: { dimensions: 8 } });
    expect(findings.teacher.heldOut).toMatchObject({ samples: 60, toMean: expect.any(Number) });
    const { cosine, recall10 } = resultsOf(runDir).student;
    for (const [found, { mean, sd }] of [
      [findings.trained.cosine, cosine!],
      [findings.trained.recall10, recall10!],
    ]) {
      expect(Math.abs(found.heldOut - mean)).toBeCloseTo(sd / Math.SQRT2, 5);
      expect(found.transfer).toBeGreaterThan(0);
    }
    expect(findings.trained.curve).toHaveLength(40);
    for (const { sentence, source } of advice) expect([sentence, source]).not.toContain("");
    const { code, stdout } = await limbeck(["doctor", runDir, "--threads", "1"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^of the ten nearest found +\d+\.\d% +\d+\.\d%$/m);
  });

  it("is not for what looks at classes", async () => {
    const refused = { code: "RECIPE_INVALID", where: "task" };
    await expect(evaluateModels({ data: runDir })).rejects.toMatchObject(refused);
    await expect(search(readRecipe(recipe)).next()).rejects.toMatchObject(refused);
  });
});

it("a student of fewer dimensions learns from relations, and is judged by neighbors", {
  timeout: 120_000,
}, async () => {
  const { recipe, runDir } = prepare({
    task: { name: "embedding", dimensions: 2 },
    teacher: { onnx: "network-5-true-false.onnx", output: "maps" },
    distill: [{ loss: "rkd-distance" }],
    seeds: 1,
  });
  const { code, stdout } = await limbeck(["run", recipe, "--out", runDir]);
  expect(code).toBe(0);
  expect(stdout).toContain("ten nearest neighbors");
  const { dimensions, student, controls } = resultsOf(runDir);
  expect(dimensions).toEqual({ teacher: 4, student: 2 });
  expect(student).toMatchObject({ cosine: null, squaredError: null });
  expect(student.recall10!.mean).toBeGreaterThan(controls[0]!.recall10!.mean);
});

it.each([
  [{ distill: [{ loss: "fitnets" }] }, "FEATURE_MISMATCH", "a layer that learns would stand between"],
  [{ task: { name: "embedding", dimensions: 2 } }, "FEATURE_MISMATCH", "is not exported"],
  [{ teacher: { onnx: "teacher.onnx", output: "nothing" } }, "OPTION_INVALID", "nothing"],
])("refuses %j before anything is trained", async (changes, code, message) => {
  await expect(check(changes)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
});

const isLinux = process.platform === "linux";

it.skipIf(!isLinux)(
  "a run that is killed resumes to the same bits (skipped where there is no /proc)",
  async () => {
    const changes = {
      seeds: 1,
      student: { model: { family: "mlp", hidden: [24] }, train: { epochs: 20, batchSize: 4 } },
    };
    const [whole, killed] = [prepare(changes), prepare(changes)];
    expect((await limbeck(["run", whole.recipe, "--out", whole.runDir, "--json"])).code).toBe(0);
    await killInTraining(killed);
    const files = finalFiles(whole.runDir);
    expect(finalFiles(killed.runDir)).toEqual(files);
    expect(fingerprint(killed.runDir, files)).toEqual(fingerprint(whole.runDir, files));
  },
  240_000,
);
