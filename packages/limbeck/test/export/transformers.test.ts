import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { env, type ImageClassificationPipelineType, pipeline, RawImage } from "@huggingface/transformers";
import { randomStream } from "@limbeck/graph";
import { exportStudent } from "limbeck";
import * as ort from "onnxruntime-node";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { softmaxRow } from "../../src/evaluate/metrics.js";
import { exportedModel } from "../../src/export/model.js";
import { modelConfig, preprocessorConfig } from "../../src/export/transformers.js";
import { buildModel } from "../../src/models/index.js";
import { toOnnxModel } from "../../src/models/inference.js";
import { initialize } from "../../src/models/model.js";
import type { SampleFacts } from "../../src/runs/sample-facts.js";
import { makeFolder } from "../../src/support/files.js";
import { Classifier } from "../../src/teachers/classifier.js";
import { temporaryFolder } from "../runs/harness.js";
import { digitsRun, someDigits, textsRun } from "./fixture.js";

env.allowRemoteModels = false;
env.useFSCache = false;

/** Opens a folder as a user of transformers.js would, without a network. */
async function open(
  folder: string,
  name: string,
  dtype: "fp32" | "fp16" | "q8" = "fp32",
): Promise<ImageClassificationPipelineType> {
  env.localModelPath = folder;
  return pipeline("image-classification", name, { dtype });
}

/** The same answers, whatever order equals are in. */
function expectSame(
  found: readonly { label: string; score: number }[],
  classes: readonly string[],
  wanted: ArrayLike<number>,
): void {
  const scores = Object.fromEntries(found.map(({ label, score }) => [label, score]));
  expect(Object.keys(scores).sort()).toEqual([...classes].sort());
  for (const [i, name] of classes.entries()) expect(Math.abs(scores[name]! - wanted[i]!), name).toBeLessThan(1e-4);
  expect(found[0]!.score).toBe(Math.max(...found.map(({ score }) => score)));
}

describe("an exported folder in transformers.js", () => {
  const count = 20;
  let runDir: string;
  beforeAll(async () => {
    runDir = await digitsRun();
    await exportStudent(runDir, { variants: ["fp16", "int8"] });
  });

  it("answers about image files as the student answers about their pixels", async () => {
    const images = await someDigits(count);
    const file = readFileSync(join(runDir, "student.onnx"));
    const student = await Classifier.load(file, { channels: 1, height: 28, width: 28 }, 1);
    const pixels = Float32Array.from(images.flatMap((image) => [...image]).map((value) => value / 255));
    const logits = await student.logits(pixels, count);
    const classify = await open(runDir, "export");
    const tops = new Set<string>();
    for (const [i, image] of images.entries()) {
      const png = await sharp(image, { raw: { width: 28, height: 28, channels: 1 } })
        .png()
        .toBuffer();
      const found = await classify(await RawImage.fromBlob(new Blob([Uint8Array.from(png)])), { top_k: null as never });
      expectSame(found, [..."0123456789"], softmaxRow(logits, i, 10));
      tops.add(found[0]!.label);
    }
    expect(tops.size).toBeGreaterThan(3);
  });

  it.each([
    ["fp16", 0.01],
    ["q8", 0.1],
  ] as const)("answers nearly alike as %s", async (dtype, tolerance) => {
    const [exact, smaller] = [await open(runDir, "export"), await open(runDir, "export", dtype)];
    for (const image of await someDigits(count)) {
      const png = await sharp(image, { raw: { width: 28, height: 28, channels: 1 } })
        .png()
        .toBuffer();
      const answer = async (classify: ImageClassificationPipelineType) => {
        const scores = await classify(await RawImage.fromBlob(new Blob([Uint8Array.from(png)])), {
          top_k: null as never,
        });
        return Object.fromEntries(scores.map(({ label, score }) => [label, score]));
      };
      const [wanted, found] = [await answer(exact), await answer(smaller)];
      for (const [label, score] of Object.entries(wanted)) {
        expect(Math.abs(found[label]! - score), label).toBeLessThan(tolerance);
      }
    }
  });

  it.each(["resnet", "mobilenetv2", "vit", "repvgg"])("keeps colors, and their order: %s", async (family) => {
    const samples: SampleFacts = {
      kind: "image",
      channels: 3,
      height: 16,
      width: 20,
      classes: ["cat", "dog", "an owl"],
      source: "",
      trainSize: 0,
      testSize: 0,
    };
    const options = { resnet: { depth: 8 }, vit: { dim: 16, depth: 1, heads: 2 } }[family] ?? {};
    const model = buildModel({ family, ...options } as never, samples, 3);
    const student = toOnnxModel(model, samples, initialize(model, 3));
    const folder = temporaryFolder();
    makeFolder(join(folder, "colors/onnx"));
    writeFileSync(join(folder, "colors/onnx/model.onnx"), await exportedModel(student, samples));
    writeFileSync(join(folder, "colors/config.json"), JSON.stringify(modelConfig(samples, family, "0")));
    writeFileSync(join(folder, "colors/preprocessor_config.json"), JSON.stringify(preprocessorConfig(samples)));
    const random = randomStream(1);
    const rgb = Uint8ClampedArray.from({ length: 16 * 20 * 3 }, () => random.below(256));
    const planes = Float32Array.from({ length: 960 }, (_, i) => rgb[(i % 320) * 3 + Math.floor(i / 320)]! / 255);
    const logits = await (await Classifier.load(student, samples, 1)).logits(planes, 1);
    const classify = await open(folder, "colors");
    const found = await classify(new RawImage(rgb, 20, 16, 3), { top_k: null as never });
    expectSame(found, samples.classes, softmaxRow(logits, 0, 3));
  });

  it("cuts off in squares what training cut off", () => {
    const samples = { kind: "image", channels: 3, height: 16, width: 16, classes: ["a", "b"], source: "" } as const;
    const facts = { ...samples, classes: [...samples.classes], trainSize: 1, testSize: 1 };
    expect(preprocessorConfig({ ...facts, fit: "cover" })).toMatchObject({
      size: { shortest_edge: 16 },
      do_center_crop: true,
      crop_size: { height: 16, width: 16 },
    });
    expect(preprocessorConfig(facts)).toMatchObject({ size: { height: 16, width: 16 } });
    expect(preprocessorConfig({ ...facts, width: 20, fit: "cover" })).not.toHaveProperty("do_center_crop");
  });
});

describe("an exported folder of a student of texts in transformers.js", () => {
  let runDir: string;
  beforeAll(async () => {
    runDir = await textsRun();
    // A name of its own: the library keeps what it has read of a name.
    await exportStudent(runDir, { out: join(runDir, "texts"), variants: ["int8"], playground: false });
  });

  it.each(["fp32", "q8"] as const)(
    "answers about texts as the wrapper does, whatever is in them: %s",
    async (dtype) => {
      env.localModelPath = runDir;
      const classify = await pipeline("text-classification", "texts", { dtype });
      const file = dtype === "fp32" ? "onnx/model.onnx" : "onnx/model_quantized.onnx";
      const { load } = await import(/* @vite-ignore */ pathToFileURL(join(runDir, "texts/predict.js")).href);
      const student = await load(ort, join(runDir, "texts", file));
      const texts = [
        "Where is parcel 7, please?",
        "GOOD   Morning \n to all",
        "e\u0301te\u0301 et où — 漢字 🙂",
        "x".repeat(200),
        "12",
      ];
      for (const text of texts) {
        const found = (await classify(text, { top_k: null } as never)) as { label: string; score: number }[];
        const wanted: { label: string; score: number }[] = await student.predict(text);
        const score = (label: string) => wanted.find((one) => one.label === label)!.score;
        expect(found).toHaveLength(3);
        for (const one of found) expect(one.score, text).toBeCloseTo(score(one.label), 5);
      }
      // Padded to the longest of several.
      const both = (await classify(texts.slice(0, 2))) as unknown as { label: string }[];
      expect(both.flat().map(({ label }) => label)).toEqual([
        (await student.predict(texts[0]!))[0].label,
        (await student.predict(texts[1]!))[0].label,
      ]);
    },
  );
});
