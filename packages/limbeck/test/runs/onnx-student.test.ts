import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fromOnnx } from "@limbeck/graph";
import { distill, parseRecipe, type RunEvent, readRecipe } from "limbeck";
import { beforeAll, describe, expect, it } from "vitest";
import { RunFolder } from "../../src/runs/folder.js";
import { openNetworks } from "../../src/runs/networks.js";
import { loadSamples } from "../../src/runs/samples.js";
import { readSafetensors } from "../../src/support/safetensors.js";
import { Classifier } from "../../src/teachers/classifier.js";
import { numbers, writeNetwork } from "../imported/files.js";
import { finalFiles, fingerprint, killInTraining, limbeck, prepareRun, read, temporaryFolder } from "./harness.js";

const GRAY = { channels: 1, height: 6, width: 6 };
const train = { epochs: 6, batchSize: 16, learningRate: 0.01 };
/** It has no batch normalization, which exports would fold into weights. */
const network = "network-5-false-false.onnx";
const model = { onnx: network, trainable: ["conv2.*"] };

function prepare(changes: object) {
  const given = prepareRun({ teacher: undefined, distill: undefined, seeds: 1, ...changes });
  writeNetwork(given.folder, { normalized: false });
  return given;
}

const constantsOf = async (path: string) => {
  const { graph } = await fromOnnx(readFileSync(path), { dims: { batch: 1 } });
  return graph.constants.map(({ source }) => (source as unknown as { data: Float32Array }).data);
};

describe("a student and a teacher of one file", () => {
  const teacher = { model: { onnx: network, trainable: ["head.*"] }, train };
  const { recipe, runDir } = prepare({ teacher, student: { model, train }, distill: [{ loss: "kd" }] });
  let events: RunEvent[];
  beforeAll(async () => {
    events = await read(distill(readRecipe(recipe), { runDir, threads: 1 }));
  }, 120_000);

  it("learn", () => {
    for (const phase of ["teacher", "student/seed-2"]) {
      const losses = events.flatMap((event) =>
        event.type === "epoch" && event.phase === phase ? [event.losses.loss!] : [],
      );
      expect(losses.at(-1)).toBeLessThan(losses[0]!);
    }
  });

  it("train what the recipe says, and keep every other number bit for bit", async () => {
    const trained = (phase: string) => readSafetensors(join(runDir, "checkpoints", `${phase}.safetensors`)).tensors;
    expect(Object.keys(trained("teacher")).sort()).toEqual(["head.bias", "head.weight"]);
    const student = trained("student/seed-2");
    expect(Object.keys(student).sort()).toEqual(["conv2.weight", "head.bias", "head.weight"]);
    expect(student["conv2.weight"]!.data).not.toEqual(numbers(108, 4));
    const exported = {
      teacher: await constantsOf(join(runDir, "teacher.onnx")),
      student: await constantsOf(join(runDir, "student.onnx")),
    };
    for (const [name, frozen] of Object.entries({ teacher: [27, 3, 108], student: [27, 3] })) {
      for (const size of frozen) {
        const own = numbers(size, { 27: 4, 3: 1, 108: 4 }[size]!);
        expect(
          exported[name as "teacher" | "student"].some((data) =>
            Buffer.from(data.buffer, data.byteOffset, data.byteLength).equals(Buffer.from(own.buffer)),
          ),
          `${name} ${size}`,
        ).toBe(true);
      }
    }
  });

  it("are exported as networks that take the run's images, in batches of any size", async () => {
    const classifier = await Classifier.load(readFileSync(join(runDir, "student.onnx")), GRAY, 1);
    const images = numbers(72).map(Math.abs);
    const both = await classifier.logits(images, 2);
    const one = await classifier.logits(images.slice(36), 1);
    for (const [i, value] of one.entries()) expect(both[4 + i]).toBeCloseTo(value, 5);
    await classifier.release();
  });

  it("are recorded by their files", () => {
    const { networkSha256, results } = JSON.parse(readFileSync(join(runDir, "run.json"), "utf8"));
    expect(readFileSync(join(runDir, "report.html"), "utf8")).toContain(networkSha256["student.model"]);
    expect(Object.keys(networkSha256)).toEqual(["teacher.model", "student.model"]);
    expect(results.student.parameters).toBe(27 + 3 + 108 + 16 + 4);
  });
});

const isLinux = process.platform === "linux";

it.skipIf(!isLinux)("a killed run ends with the bits of one that was not", { timeout: 120_000 }, async () => {
  const changes = {
    student: { model: { onnx: network }, train: { ...train, epochs: 30 } },
    distill: [{ loss: "cross-entropy" }],
    baseline: false,
  };
  const [killed, whole] = [prepare(changes), prepare(changes)];
  await killInTraining(killed);
  const { code, stderr } = await limbeck(["run", whole.recipe, "--out", whole.runDir]);
  expect(code, stderr).toBe(0);
  const files = finalFiles(whole.runDir);
  expect(fingerprint(killed.runDir, files)).toEqual(fingerprint(whole.runDir, files));
});

it("a run does not go on with another file", async () => {
  const { recipe, runDir, folder } = prepare({ student: { model, train }, distill: [{ loss: "cross-entropy" }] });
  const run = RunFolder.create(runDir, readRecipe(recipe), { threads: 1, goal: "report", reuse: false });
  const samples = await loadSamples(run.recipe(), new AbortController().signal);
  await openNetworks(run, run.recipe(), samples);
  writeFileSync(join(folder, network), readFileSync(writeNetwork(temporaryFolder(), { normalized: false, seed: 2 })));
  await expect(openNetworks(run, run.recipe(), samples)).rejects.toMatchObject({
    code: "RUN_INVALID",
    message: expect.stringContaining("another file than when the run began"),
  });
});

describe("what does not fit is told by line and column, before anything is trained", () => {
  it.each([
    [
      { trainable: ["conv9.*"] },
      /recipe\.yaml:\d+:\d+ student\.model\.trainable: no weight fits "conv9\.\*"; did you mean "conv\d\.\*"/,
    ],
    [{ cut: "pool" }, /student\.model\.cut: the file computes no value "pool"/],
    [{ head: "own" }, /student\.model\.onnx: the file tells 5 classes apart, and the data have 4/],
    [{ size: 8 }, /the file fixes the height of input pixels at 6, and student\.model\.size asks for 8/],
  ])("%j", async (options, message) => {
    const given = { student: { model: { ...model, ...options }, train }, distill: [{ loss: "cross-entropy" }] };
    const { recipe, runDir } = prepare(given);
    const folder = RunFolder.create(runDir, readRecipe(recipe), { threads: 1, goal: "report", reuse: false });
    const wanted = folder.recipe();
    const samples = await loadSamples(wanted, new AbortController().signal);
    await expect(openNetworks(folder, wanted, samples)).rejects.toMatchObject({
      code: "MODEL_MISMATCH",
      message: expect.stringMatching(message),
      where: expect.stringMatching(/recipe\.yaml:\d+:\d+$/),
    });
  });

  it.each([
    ["{ onnx: a.onnx, trainabel: [head.*] }", /unknown key "trainabel"; did you mean "trainable"\?/],
    ["{ onnx: a.onnx, head: liner }", /"liner" is not one of linear, own; did you mean "linear"\?/],
    [
      "{ onnx: a.onnx, classes: [1, 2] }",
      /t\.yaml:\d+:\d+ student\.model\.classes: a new head has none of the file's classes/,
    ],
    ["{ family: mlpp }", /"mlpp" is unknown; use one of mlp.*did you mean "mlp"\?/],
  ])("%s", (student, message) => {
    const text = `{ name: t, data: { source: digits }, distill: [{ loss: cross-entropy }], student: { model: ${student}, train: { epochs: 1 } } }`;
    expect(() => parseRecipe(text, join(temporaryFolder(), "t.yaml"))).toThrow(message);
  });
});
