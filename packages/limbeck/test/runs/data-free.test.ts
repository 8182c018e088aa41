import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { RunResults } from "../../src/evaluate/results.js";
import { readSafetensors } from "../../src/support/safetensors.js";
import { fingerprint, killInTraining, limbeck, prepareRun } from "./harness.js";

const DATA_FREE = {
  distill: undefined,
  scheme: { name: "dfad", width: 4, latent: 8, rounds: 20, mean: 0.4, std: 0.25 },
  student: { model: { family: "mlp", hidden: [8] }, train: { epochs: 6, batchSize: 16, learningRate: 0.01 } },
  variants: [{ name: "short", train: { epochs: 1 }, baseline: false }],
};

/** The usual small run without its transfer set. */
function prepare(changes: object = {}) {
  const run = prepareRun({ ...DATA_FREE, ...changes });
  const written = JSON.parse(readFileSync(run.recipe, "utf8"));
  delete written.data.transfer;
  writeFileSync(run.recipe, JSON.stringify(written));
  return run;
}

const FILES = [
  ...["student", "baseline"].map((name) => `${name}.onnx`),
  ...["student", "baseline"].flatMap((arm) => [2, 3].map((seed) => `checkpoints/${arm}/seed-${seed}.safetensors`)),
];

describe("a data-free run", () => {
  const { recipe, runDir } = prepare();
  let results: RunResults;
  beforeAll(async () => {
    const { code, stdout, stderr } = await limbeck(["run", recipe, "--out", runDir, "--json"]);
    expect(code, stderr).toBe(0);
    ({ results } = JSON.parse(readFileSync(join(runDir, "run.json"), "utf8")));
    expect(JSON.parse(stdout).results.trainedOn).toEqual(results.trainedOn);
  });

  it("teaches a student that is much better than one on noise, and says what each has seen", () => {
    expect(results.trainedOn).toEqual({
      student: "generated images",
      baseline: "random noise",
      unseen: "training image",
    });
    expect(results.verdict!.sentence).toMatch(/with the generator/);
    expect(results.student.agreement!.mean).toBeGreaterThan(0.5);
    expect(results.variants).toMatchObject([{ name: "short", transferSize: 0, baseline: null }]);
  });

  it("stores no answers of the teacher, and keeps the generator beside the student", () => {
    expect(existsSync(join(runDir, "cache"))).toBe(false);
    const names = (arm: string) =>
      Object.keys(readSafetensors(join(runDir, `checkpoints/${arm}/seed-2.safetensors`)).tensors);
    expect(names("student")).toEqual(expect.arrayContaining(["fc1.weight", "generator/l1.weight"]));
    expect(names("baseline").filter((name) => name.startsWith("generator"))).toEqual([]);
  });

  it("has a report that shows generated images, and speaks of no training images", () => {
    const page = readFileSync(join(runDir, "report.html"), "utf8").replaceAll(/<style>[\s\S]*?<\/style>/g, "");
    expect(page.match(/alt="Generated image \d+, which the teacher takes for/g)).toHaveLength(60);
    const text = page.replaceAll(/<script[\s\S]*?<\/script>/g, "").replaceAll(/<[^>]*>/g, " ");
    expect(text).toContain("What the student saw");
    expect(text).toContain("the same small model, taught by the teacher on random noise");
    expect(text).toMatch(/Trained for 6 epochs on generated images, without a training image/);
    expect(text).not.toMatch(/undefined|NaN/);
  });

  it("says in the terminal what was seen", async () => {
    const { code, stdout } = await limbeck(["resume", runDir]);
    expect(code).toBe(0);
    expect(stdout).toContain("No training image was seen: the student learned from generated images");
  });

  it.skipIf(process.platform !== "linux")("that is killed resumes to the same bits", { timeout: 240_000 }, async () => {
    expect(await killedAndResumed({}, FILES)).toEqual(fingerprint(runDir, FILES));
  });
});

/** Kills a run once its student has a checkpoint, goes on, and returns the bits of its files. */
async function killedAndResumed(changes: object, files: readonly string[]) {
  const killed = prepare(changes);
  await killInTraining(killed);
  return fingerprint(killed.runDir, files);
}

const batches = { rounds: 10, iterations: 5, memory: 3, jitter: 1, adversarial: 1 };
const generated = { ...batches, width: 2, latent: 8 };

describe.each([
  {
    scheme: { ...batches, name: "deep-inversion" },
    maker: "were made of noise by gradient descent through the teacher",
  },
  {
    scheme: { ...generated, name: "cmi", negatives: 20 },
    maker: "A generator was trained through the teacher for one batch",
  },
  { scheme: { ...generated, name: "fast-dfkd" }, maker: "A generator was trained through the teacher for one batch" },
])("$scheme.name", ({ scheme, maker }) => {
  const inversion = {
    seeds: 1,
    teacher: { model: { family: "resnet", depth: 8, width: 0.25 }, train: { epochs: 2, batchSize: 32 } },
    scheme,
    student: { model: { family: "mlp", hidden: [8] }, train: { epochs: 6, batchSize: 16, learningRate: 0.01 } },
    variants: [],
  };

  it.skipIf(process.platform !== "linux")(
    "shows its images and, killed, resumes to the same bits",
    { timeout: 240_000 },
    async () => {
      const { recipe, runDir } = prepare(inversion);
      const { code, stderr } = await limbeck(["run", recipe, "--out", runDir, "--json"]);
      expect(code, stderr).toBe(0);
      const page = readFileSync(join(runDir, "report.html"), "utf8");
      expect(page.match(/alt="Generated image \d+, which/g)).toHaveLength(48);
      expect(page).toContain(maker);
      const files = ["student.onnx", "checkpoints/student/seed-2.safetensors"];
      await expectUnfolded(runDir, recipe);
      expect(await killedAndResumed(inversion, files)).toEqual(fingerprint(runDir, files));
    },
  );

  it("refuses a teacher without batch normalizations before anything is trained", async () => {
    const { recipe, runDir } = prepare({
      ...inversion,
      teacher: { model: { family: "mlp", hidden: [8] }, train: { epochs: 1 } },
    });
    const { code, stderr } = await limbeck(["run", recipe, "--out", runDir]);
    expect(code).not.toBe(0);
    expect(stderr).toContain("TEACHER_MISMATCH: the teacher has no BatchNormalization node");
    expect(stderr).toContain("statistics: 0");
  });
});

/** The teacher of a run, as it was trained, is one that a later run may invert; as it is exported, it is not. */
async function expectUnfolded(runDir: string, recipe: string) {
  const written = JSON.parse(readFileSync(recipe, "utf8"));
  const inverts = async (file: string) => {
    const path = join(runDir, `inverts-${file}.json`);
    const student = { ...written.student, train: { ...written.student.train, epochs: 1 } };
    writeFileSync(path, JSON.stringify({ ...written, teacher: { onnx: join(runDir, file) }, student }));
    return limbeck(["run", path, "--out", join(runDir, `of-${file}`), "--json"]);
  };
  const refused = await inverts("teacher.onnx");
  expect(refused.code).not.toBe(0);
  expect(`${refused.stdout}${refused.stderr}`).toContain("take teacher.unfolded.onnx");
  const { code, stderr } = await inverts("teacher.unfolded.onnx");
  expect(code, stderr).toBe(0);
}

it("a control of related images of another size is refused before anything is trained", async () => {
  const { recipe, runDir } = prepare({ scheme: { ...DATA_FREE.scheme, related: "digits" } });
  const { code, stderr } = await limbeck(["run", recipe, "--out", runDir]);
  expect(code).not.toBe(0);
  expect(stderr).toContain("RECIPE_INVALID: digits has images of 1 × 28 × 28, and the teacher takes 1 × 6 × 6");
  expect(stderr).not.toContain("student");
});
