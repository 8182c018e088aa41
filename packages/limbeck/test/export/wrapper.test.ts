import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { exportStudent } from "limbeck";
import * as ort from "onnxruntime-node";
import sharp from "sharp";
import ts from "typescript";
import { beforeAll, describe, expect, it } from "vitest";
import { decodeWav } from "../../src/data/audio/signal/wav.js";
import { decodeImage } from "../../src/data/images/decode.js";
import { softmaxRow } from "../../src/evaluate/metrics.js";
import { readFinishedRun } from "../../src/export/finished-run.js";
import type * as Images from "../../src/export/wrapper/image.js";
import type * as Rows from "../../src/export/wrapper/rows.js";
import type * as Sounds from "../../src/export/wrapper/sound.js";
import type * as Texts from "../../src/export/wrapper/text.js";
import { wrapperFiles } from "../../src/export/wrapper-files.js";
import { loadSamples } from "../../src/runs/samples.js";
import { Classifier } from "../../src/teachers/classifier.js";
import { temporaryFolder } from "../runs/harness.js";
import { digitsRun, someDigits, soundsRun, textsRun, windowsRun } from "./fixture.js";

const wrapperOf = async <Wrapper>(folder: string): Promise<Wrapper> =>
  import(/* @vite-ignore */ pathToFileURL(join(folder, "predict.js")).href);

/** What the compiler says of a file that uses a wrapper, as an application would, under strict rules. */
function problemsOf(folder: string, use: string): string[] {
  const file = join(folder, "use.ts");
  writeFileSync(file, use);
  const options: ts.CompilerOptions = {
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: [],
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts"],
    typeRoots: [],
    baseUrl: import.meta.dirname,
    ignoreDeprecations: "6.0",
    paths: { "onnxruntime-common": [join(import.meta.dirname, "../../../../node_modules/onnxruntime-common")] },
  };
  const program = ts.createProgram([file], options);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

describe("the wrapper of a student of images", () => {
  let folder: string;
  let runDir: string;
  let wrapper: typeof Images;
  let student: Images.Predictor;
  const decode = async (file: Images.Encoded): Promise<Images.Pixels> => {
    const { data, info } = await sharp(file as Uint8Array)
      .toColorspace("srgb")
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height };
  };
  beforeAll(async () => {
    runDir = await digitsRun();
    ({ folder } = await exportStudent(runDir, { playground: false }));
    wrapper = await wrapperOf<typeof Images>(folder);
    student = await wrapper.load(ort, join(folder, "onnx/model.onnx"), { decode });
  });

  it("answers as the run's student does, about files, pixels and bare values", async () => {
    const [image] = (await someDigits(4)).slice(3);
    const own = await Classifier.load(
      readFileSync(join(runDir, "student.onnx")),
      { channels: 1, height: 28, width: 28 },
      1,
    );
    const wanted = softmaxRow(
      await own.logits(
        Float32Array.from(image!, (value) => value / 255),
        1,
      ),
      0,
      10,
    );
    const png = await sharp(image!, { raw: { width: 28, height: 28, channels: 1 } })
      .png()
      .toBuffer();
    const rgba = Uint8ClampedArray.from({ length: 4 * 784 }, (_, i) => (i % 4 === 3 ? 255 : image![i >> 2]!));
    for (const given of [png, { data: rgba, width: 28, height: 28 }, [...image!]]) {
      const answers = await student.predict(given);
      expect(answers).toHaveLength(10);
      for (const { label, score } of answers) expect(Math.abs(score - wanted[Number(label)]!)).toBeLessThan(1e-5);
      expect(answers.map(({ score }) => score)).toEqual(answers.map(({ score }) => score).sort((a, b) => b - a));
    }
  });

  it("answers about several images in one pass, and about none", async () => {
    const images = (await someDigits(3)).map((image) => [...image]);
    const all = await student.predictAll(images);
    for (const [i, image] of images.entries()) {
      const [alone, together] = [(await student.predict(image))[0]!, all[i]![0]!];
      expect(together.label).toBe(alone.label);
      expect(together.score).toBeCloseTo(alone.score, 5);
    }
    expect(await student.predictAll([])).toEqual([]);
  });

  // torch.nn.functional.interpolate(x, (28, 28), mode="bilinear", antialias=True) of
  // x = torch.tensor([i * i % 251 / 255 for i in range(h * w)]).reshape(1, 1, h, w), at these places; torch 1.13
  it.each([
    ["smaller", 42, 56, [0.2511905, 0.252451, 0.6598584, 0.4145969, 0.6725491]],
    ["larger", 7, 5, [0, 0, 0, 0.1126926, 0.5960785]],
  ])("makes images %s as torch does", (_, height, width, torch) => {
    const data = Array.from({ length: height * width }, (_, i) => (i * i) % 251);
    const values = wrapper.preprocess({ data, width, height });
    for (const [i, place] of [0, 1, 29, 400, 783].entries()) expect(values[place]).toBeCloseTo(torch[i]!, 6);
  });

  it.each([
    ["cover", 28, 40],
    ["cover", 41, 28],
    ["contain", 28, 20],
    ["contain", 17, 28],
    ["stretch", 28, 28],
  ] as const)("brings other shapes to size as training did: %s, %i × %i", async (fit, height, width) => {
    const { samples } = JSON.parse(readFileSync(join(runDir, "run.json"), "utf8"));
    const other = temporaryFolder();
    writeFileSync(join(other, "package.json"), JSON.stringify({ type: "module" }));
    writeFileSync(join(other, "predict.js"), wrapperFiles({ ...samples, fit }).get("predict.js")!);
    const data = Uint8Array.from({ length: height * width }, (_, i) => (i * i) % 251);
    const file = join(other, "image.png");
    await sharp(data, { raw: { width, height, channels: 1 } }).toFile(file);
    const trained = await decodeImage(file, { size: [28, 28], fit, channels: 1 });
    const { preprocess } = await wrapperOf<typeof Images>(other);
    const seen = preprocess({ data, width, height }).subarray(0, 784);
    expect([...seen].map((value) => Math.round(255 * value))).toEqual([...trained]);
  });

  it.each([
    [{ data: [1, 2, 3], width: 2, height: 2 }, RangeError],
    [{ data: [], width: 0, height: 0 }, RangeError],
    [[1, 2, 3], RangeError],
  ])("refuses %j", async (given, kind) => {
    await expect(student.predict(given)).rejects.toThrow(kind);
  });

  it("says that it cannot decode files where nobody gave it a decoder", async () => {
    const bare = await wrapper.load(ort, readFileSync(join(folder, "onnx/model.onnx")));
    await expect(bare.predict(new Uint8Array(8))).rejects.toThrow(/decode/);
    await bare.release();
  });

  it("is typed, down to the names of classes, and is checked with strict rules", () => {
    const use = (label: string) => `
      import type * as ort from "onnxruntime-common";
      import { load, type Label } from "./predict.ts";
      export async function top(runtime: typeof ort): Promise<Label> {
        const student = await load(runtime, "onnx/model.onnx");
        return (await student.predict(new ImageData(28, 28)))[0]!.label;
      }
      export const label: Label = "${label}";`;
    expect(problemsOf(folder, use("7").replace("predict.ts", "predict.js"))).toEqual([]);
    expect(problemsOf(folder, use("ten").replace("predict.ts", "predict.js"))).toHaveLength(1);
  });

  it("is a package that plain Node imports", () => {
    const code = `import { CLASSES } from ${JSON.stringify(pathToFileURL(join(folder, "predict.js")).href)}; console.log(CLASSES.length)`;
    expect(execFileSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" })).toBe("10\n");
  });
});

describe("the wrapper of a student of windows", () => {
  let folder: string;
  let runDir: string;
  let student: Rows.Predictor;
  beforeAll(async () => {
    runDir = await windowsRun();
    ({ folder } = await exportStudent(runDir, { playground: false }));
    student = await (await wrapperOf<typeof Rows>(folder)).load(ort, join(folder, "onnx/model.onnx"));
  });

  it("takes rows as lists or by the names of columns, and answers as the run's student does", async () => {
    const own = await Classifier.load(
      readFileSync(join(runDir, "student.onnx")),
      { channels: 2, height: 1, width: 3 },
      1,
    );
    const wanted = softmaxRow(await own.logits(Float32Array.of(25, 61, 66, 1, 50, 99), 1), 0, 2);
    const lists = [
      [25, 1],
      [61, 50],
      [66, 99],
    ];
    const named = lists.map(([heat, noise]) => ({ heat, noise }) as Record<string, number>);
    for (const given of [lists, named]) {
      const answers = Object.fromEntries((await student.predict(given)).map(({ label, score }) => [label, score]));
      expect(answers.cold).toBeCloseTo(wanted[0]!, 5);
      expect(answers.hot).toBeCloseTo(wanted[1]!, 5);
    }
  });

  it.each([
    [[[1, 2]], /3 rows/],
    [[[1, 2], [1, 2], [1]], /2 numbers/],
    [[[1, 2], [1, 2], { heat: 1 }], /noise is missing/],
    [
      [
        [1, 2],
        [1, 2],
        [1, Number.NaN],
      ],
      /noise is NaN/,
    ],
  ])("refuses %j", async (given, message) => {
    await expect(student.predict(given as never)).rejects.toThrow(message);
  });

  it("is typed", () => {
    const use = `
      import { load, type Row } from "./predict.ts";
      export const row: Row = { heat: 1, noise: 2 };
      export { load };`;
    expect(problemsOf(folder, use.replace("predict.ts", "predict.js"))).toEqual([]);
    expect(problemsOf(folder, use.replace("predict.ts", "predict.js").replace("noise: 2", "nose: 2"))).toHaveLength(1);
  });
});

describe("the wrapper of a student of sounds", () => {
  let folder: string;
  let runDir: string;
  let wrapper: typeof Sounds;
  let student: Sounds.Predictor;
  let tone: string;
  beforeAll(async () => {
    runDir = await soundsRun();
    tone = join(String(readFinishedRun(runDir).recipe.data.source.audio), "low/3.wav");
    ({ folder } = await exportStudent(runDir, { playground: false }));
    wrapper = await wrapperOf<typeof Sounds>(folder);
    student = await wrapper.load(ort, join(folder, "onnx/model.onnx"));
  });

  it("computes of each file exactly what training saw", async () => {
    const { train } = await loadSamples(readFinishedRun(runDir).recipe, new AbortController().signal);
    const length = train.dataset.height * train.dataset.width;
    const given = await student.prepare(readFileSync(tone));
    // Of the files by name: 0, 1, 10, 11, 12, 13, 2, 3 …
    const place = train.dataset.labels.indexOf(1) + 7;
    expect([...given]).toEqual([...train.dataset.pixels.slice(place * length, (place + 1) * length)]);
  });

  it("answers as the run's student does, about files, sounds and bare samples", async () => {
    const file = readFileSync(tone);
    const own = await Classifier.load(
      readFileSync(join(runDir, "student.onnx")),
      { channels: 1, height: 12, width: 12 },
      1,
    );
    const wanted = softmaxRow(await own.logits(await student.prepare(file), 1), 0, 3);
    const sound = decodeWav(file);
    const bytes = new Uint8Array(file);
    for (const given of [bytes, bytes.buffer, new Blob([bytes]), sound, sound.samples]) {
      const answers = await student.predict(given);
      for (const { label, score } of answers) {
        expect(score).toBeCloseTo(wanted[["high", "low", "middle"].indexOf(label)]!, 5);
      }
    }
    const all = await student.predictAll([sound, { ...sound, sampleRate: 16_000 }]);
    expect(all.map((answers) => answers.length)).toEqual([3, 3]);
    expect(await student.predictAll([])).toEqual([]);
  });

  it("refuses what is no sound", async () => {
    await expect(student.predict(new Uint8Array(9))).rejects.toThrow("is no WAV file");
    await expect(student.predict(Float32Array.of(0, Number.NaN))).rejects.toThrow(RangeError);
    await expect(student.predict({ samples: new Float32Array(9), sampleRate: 0 })).rejects.toThrow(RangeError);
  });

  it("is typed, and says what the model takes", () => {
    const use = `
      import { load, preprocess, SOUND, type Sound } from "./predict.js";
      export const sound: Sound = { samples: new Float32Array(8000), sampleRate: SOUND.sampleRate };
      export const features: Float32Array = preprocess(sound);
      export { load };`;
    expect(problemsOf(folder, use)).toEqual([]);
    expect(problemsOf(folder, use.replace("SOUND.sampleRate", "SOUND.rate"))).toHaveLength(1);
    expect(wrapper.SOUND).toEqual(readFinishedRun(runDir).samples.sound);
    const card = readFileSync(join(folder, "README.md"), "utf8");
    expect(card).toContain(
      "The model takes `sounds` [batch, 1, 12, 12]: ln(10⁻⁶ + power) in 12 bands of HTK's mel scale from 0 to 4000 Hz",
    );
    expect(card).toContain("pipeline_tag: audio-classification");
  });
});

describe("the wrapper of a student of texts", () => {
  let folder: string;
  let runDir: string;
  let wrapper: typeof Texts;
  beforeAll(async () => {
    runDir = await textsRun();
    ({ folder } = await exportStudent(runDir, { playground: false, variants: ["int8"] }));
    wrapper = await wrapperOf<typeof Texts>(folder);
  });

  it("answers as the run's student does to what training saw, in all forms", async () => {
    const { test } = await loadSamples(readFinishedRun(runDir).recipe, new AbortController().signal);
    const { texts, width, labels, classes, pixels } = test.dataset;
    const own = await Classifier.load(readFileSync(join(runDir, "student.onnx")), test.dataset, 1);
    const student = await wrapper.load(ort, join(folder, "onnx/model.onnx"));
    const small = await wrapper.load(ort, join(folder, "onnx/model_quantized.onnx"));
    for (const index of test.indices.slice(0, 5)) {
      const seen = pixels.slice(index * width, (index + 1) * width) as Float32Array;
      expect(wrapper.preprocess(texts![index]!)).toEqual(seen);
      const wanted = softmaxRow(await own.logits(seen, 1), 0, classes.length);
      const answers = await student.predict(texts![index]!);
      for (const { label, score } of answers) expect(score).toBeCloseTo(wanted[classes.indexOf(label)]!, 5);
      expect(answers[0]!.label).toBe(classes[labels[index]!]);
      expect((await small.predict(texts![index]!))[0]!.label).toBe(answers[0]!.label);
    }
    const [one, two] = await student.predictAll(["Where is it?", "12 and 900"]);
    expect([one![0]!.label, two![0]!.label]).toEqual(["question", "numbers"]);
    await expect(student.predict(7 as never)).rejects.toThrow("a text, and this is number");
  });

  it("is typed, and its card says what the model takes", () => {
    const use = `
      import { load, TEXT, type Label, type Prediction } from "./predict.js";
      import type * as OrtCommon from "onnxruntime-common";
      export async function first(ort: typeof OrtCommon): Promise<Label> {
        const student = await load(ort, "onnx/model.onnx");
        const [best]: Prediction[] = await student.predict("A text of " + TEXT.bytes);
        return best!.label;
      }
      // @ts-expect-error a text is no number
      export const wrong = async (ort: typeof OrtCommon) => (await load(ort, "m")).predict(7);`;
    expect(problemsOf(folder, use)).toEqual([]);
    const card = readFileSync(join(folder, "README.md"), "utf8");
    expect(card).toContain(
      "The model takes `input_ids` [batch, sequence], int64: the first 48 bytes of the text in UTF-8",
    );
    expect(card).toContain("test texts of at most 48 bytes");
    expect(card).toContain("pipeline_tag: text-classification");
  });
});
