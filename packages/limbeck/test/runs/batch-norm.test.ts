import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fromOnnx } from "@limbeck/graph";
import { beforeAll, describe, expect, it } from "vitest";
import { wholeSplit } from "../../src/data/dataset.js";
import { NAMED_DATASETS } from "../../src/data/named/index.js";
import { drawSubset } from "../../src/data/split.js";
import { buildModel } from "../../src/models/index.js";
import type { ModelValues } from "../../src/models/model.js";
import { readSafetensors } from "../../src/support/safetensors.js";
import { Classifier } from "../../src/teachers/classifier.js";
import { fingerprint, limbeck, temporaryFolder, workerOf } from "./harness.js";

const STUDENT = { family: "resnet", depth: 8, width: 0.25 };
const FILES = [
  "teacher.onnx",
  "student.onnx",
  "checkpoints/teacher.safetensors",
  "checkpoints/student/seed-2.safetensors",
];

const RECIPE = {
  name: "batch-norm",
  seeds: 1,
  baseline: false,
  data: { source: "digits", train: 256, test: 100, transfer: { size: 128 } },
  teacher: { model: { ...STUDENT, width: 0.5 }, train: { epochs: 8, batchSize: 64, learningRate: 0.02 } },
  student: {
    model: STUDENT,
    train: {
      epochs: 15,
      batchSize: 32,
      learningRate: 0.02,
      augment: [
        { name: "jitter", pixels: 1 },
        { name: "mixup", alpha: 0.2 },
      ],
    },
  },
  distill: [
    { loss: "kd", temperature: 4 },
    { loss: "cross-entropy", weight: 0.5 },
  ],
};

function prepare(): { recipe: string; runDir: string } {
  const folder = temporaryFolder();
  const recipe = join(folder, "recipe.yaml");
  writeFileSync(recipe, JSON.stringify(RECIPE));
  return { recipe, runDir: join(folder, "run") };
}

/** Kills the process that trains as soon as the student has a checkpoint. */
function killStudent(runDir: string) {
  return (child: Parameters<typeof workerOf>[0]) => {
    void (async () => {
      const partial = join(runDir, "checkpoints/student/seed-2.partial.safetensors");
      while (child.exitCode === null && !existsSync(partial)) await sleep(2);
      const worker = child.exitCode === null ? workerOf(child) : undefined;
      if (worker !== undefined) process.kill(worker, "SIGKILL");
    })();
  };
}

describe("a student with batch normalization, on real digits, whose teacher sees its augmented images", () => {
  const whole = prepare();
  beforeAll(async () => {
    const { code, stderr } = await limbeck(["run", whole.recipe, "--out", whole.runDir, "--json"]);
    expect(code, stderr).toBe(0);
  }, 300_000);

  it("learns", () => {
    const lines = readFileSync(join(whole.runDir, "metrics.jsonl"), "utf8").trim().split("\n");
    const epochs = lines
      .map((line) => JSON.parse(line))
      .filter(({ type, phase }) => type === "epoch" && phase === "student/seed-2");
    const losses = epochs.map(({ losses }) => losses.loss);
    expect(losses).toHaveLength(15);
    expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]);
  });

  it.skipIf(process.platform !== "linux")(
    "ends with the same bits when killed and resumed (skipped where there is no /proc)",
    { timeout: 300_000 },
    async () => {
      const killed = prepare();
      const args = ["run", killed.recipe, "--out", killed.runDir, "--json", "--checkpoint-every", "0.001"];
      expect((await limbeck(args, killStudent(killed.runDir))).code).not.toBe(0);
      expect(existsSync(join(killed.runDir, "checkpoints/student/seed-2.partial.safetensors"))).toBe(true);
      expect((await limbeck(["resume", killed.runDir, "--json"])).code).toBe(0);
      expect(fingerprint(killed.runDir, FILES)).toEqual(fingerprint(whole.runDir, FILES));
    },
  );

  it("answers alike exported, without batch normalization", async () => {
    const { train } = await NAMED_DATASETS.digits.load({ signal: new AbortController().signal });
    const split = drawSubset(wholeSplit(train), 64, 7);
    const { tensors } = readSafetensors(join(whole.runDir, "checkpoints/student/seed-2.safetensors"));
    const values = Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data])) as ModelValues;
    const model = buildModel(STUDENT, train, train.classes.length);
    const evaluation = await Classifier.ofModel(model, train, 1);
    evaluation.setValues(model, values);
    const file = readFileSync(join(whole.runDir, "student.onnx"));
    const exported = await Classifier.load(file, train, 1);
    const [expected, found] = [await evaluation.classify(split), await exported.classify(split)];
    expect(Math.max(...expected.map((logit, i) => Math.abs(logit - found[i]!)))).toBeLessThan(1e-5);
    await Promise.all([evaluation.release(), exported.release()]);
    const { graph } = await fromOnnx(file, { dims: { batch: 1 } });
    expect(graph.nodes.map(({ op }) => op)).not.toContain("BatchNormalization");
  });
});
