import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createGraph, ops, toOnnx } from "@limbeck/graph";
import { parseRecipe } from "limbeck";
import { describe, expect, it } from "vitest";
import { Classifier } from "../../src/teachers/classifier.js";
import { onnxTeacherOptions } from "../../src/teachers/onnx/options.js";
import { openOnnxTeacher } from "../../src/teachers/onnx/teacher.js";
import { temporaryFolder } from "../runs/harness.js";

const LINE = { channels: 1, height: 1, width: 4 };
const pixels = Float32Array.of(0.1, 0.9, 0.4, 0.2);

/** A model's folder: it answers with the pixels that it is fed, as logits. */
function write(beside: Record<string, unknown> = {}, folder = temporaryFolder(), input = [1, 1, 1, 4]) {
  const graph = createGraph();
  graph.output("answers", ops.flatten(graph.input("pixels", "float32", input)));
  const symbols = { pixels: { 0: "n" }, answers: { 0: "n" } };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "model.onnx"), toOnnx(graph, { symbols }));
  for (const [name, content] of Object.entries(beside)) {
    writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  }
  return join(folder, "model.onnx");
}

const config = { id2label: { "0": "tench, Tinca tinca", "1": "goldfish", "2": "tabby_cat", "3": "robin" } };

async function answer(
  onnx: string,
  options: object,
  names: readonly string[],
  images = LINE,
  values = pixels,
  batch = 1,
) {
  const given = onnxTeacherOptions.parse({ onnx, layout: "nchw", answers: "logits", ...options });
  const { file } = await openOnnxTeacher(given, images, names.length, [], { names });
  const classifier = await Classifier.load(file, images, 1);
  const logits = await classifier.logits(values, batch);
  await classifier.release();
  return [...logits];
}

const near = (values: readonly number[], expected: readonly number[]) => {
  expect(values).toHaveLength(expected.length);
  for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i]!, 5);
};
const logSum = (...values: number[]) => Math.log(values.reduce((sum, value) => sum + Math.exp(value), 0));

describe("a teacher's labels mean the run's classes", () => {
  it("where their names are equal, of which a label may list several", async () => {
    near(
      await answer(write({ "config.json": config }), { classes: {} }, ["robin", "Tabby cat", "tinca tinca"]),
      [0.2, 0.4, 0.1],
    );
  });

  it("by a map of labels, patterns and places; probabilities of one class add up", async () => {
    const classes = { map: { "t*": "cold", goldfish: "cold", "3": "bird" } };
    near(await answer(write({ "config.json": config }), { classes }, ["bird", "cold"]), [0.2, logSum(0.1, 0.4, 0.9)]);
  });

  it("in batches, and with classes that it never answers with", async () => {
    const classes = { map: { "0": "fish", "1": "fish", "2": 2 }, missing: "impossible" };
    const both = Float32Array.of(...pixels, 5, -60, 70, 8);
    const logits = await answer(write(), { classes }, ["fish", "dog", "cat"], LINE, both, 2);
    near(logits, [logSum(0.1, 0.9), -1000, 0.4, 5, -1000, 70]);
  });

  it.each([
    ["a text", { "labels.txt": "a\nb\nc\nd\n" }, "labels.txt"],
    ["a JSON list", { "labels.json": ["a", "b", "c", "d"] }, "labels.json"],
  ])("that stand in %s", async (_, files, name) => {
    const onnx = write(files);
    const classes = { labels: join(onnx, "..", name) };
    near(await answer(onnx, { classes }, ["d", "a"]), [0.2, 0.1]);
  });

  it("that stand above a folder called onnx", async () => {
    const folder = temporaryFolder();
    const onnx = write({}, join(folder, "onnx"));
    writeFileSync(join(folder, "config.json"), JSON.stringify(config));
    near(await answer(onnx, { classes: {} }, ["robin", "goldfish"]), [0.2, 0.9]);
  });

  it.each([
    [{}, ["robin", "dog", "horse"], /no place for 2 of the 3 classes: dog, horse/, /missing: impossible/],
    [{ map: { goldfisch: "a" } }, ["a", "b"], /no label "goldfisch"; did you mean "goldfish"/, /tench/],
    [
      { map: { robin: "brid" } },
      ["bird", "b"],
      /names class "brid", which is none of the run's; did you mean "bird"/,
      /bird, b/,
    ],
    [{ map: { robin: 2 } }, ["a", "b"], /names class "2"/, /a, b/],
    [{ map: { robin: "a", "r*": "b" } }, ["a", "b"], /label "robin" for a and for b/, /narrower/],
    [{ map: { "0": "a", "9": "b" } }, ["a", "b"], /names place 9, and the teacher has 4/, /from 0/],
    [{ map: { "0": "c" }, missing: "impossible" }, [], /names class "c"/, /./],
  ])("%j is told", async (classes, names, message, fix) => {
    await expect(answer(write({ "config.json": config }), { classes }, names)).rejects.toMatchObject({
      code: "TEACHER_MISMATCH",
      message: expect.stringMatching(message),
      fix: expect.stringMatching(fix),
    });
  });

  it.each([
    [{ "config.json": "{" }, "FILE_UNREADABLE", /not valid JSON/],
    [{ "config.json": { labels: 3 } }, "FILE_UNREADABLE", /holds no labels/],
    [{ "config.json": { id2label: { "4000000000": "a" } } }, "TEACHER_MISMATCH", /no place for/],
    [{}, "TEACHER_MISMATCH", /no config\.json beside/],
  ])("no labels: %j", async (files, code, message) => {
    await expect(answer(write(files), { classes: {} }, ["a", "b"])).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it("need a label file relative to the recipe, and terms that do without the classes that are missing", () => {
    const recipe = (terms: string) =>
      `{ name: t, data: { source: digits }, teacher: { onnx: m/a.onnx, classes: { labels: m/l.txt, missing: impossible } }, distill: [{ loss: ${terms} }], student: { model: { family: mlp, hidden: [4] }, train: { epochs: 1 } } }`;
    const file = join(temporaryFolder(), "t.yaml");
    expect(parseRecipe(recipe("kd"), file).teacher).toMatchObject({
      classes: { labels: expect.stringMatching(/^\/.*\/m\/l\.txt$/) },
    });
    expect(() => parseRecipe(recipe("logit-mse"), file)).toThrow(/with missing: impossible there may be classes/);
  });
});

describe("a preprocessor_config.json beside the file", () => {
  const processor = {
    do_resize: true,
    size: { shortest_edge: 2 },
    resample: 3,
    do_rescale: true,
    rescale_factor: 0.00392156862745098,
    do_normalize: true,
    image_mean: [0.5],
    image_std: [0.25],
  };
  const names = ["a", "b", "c", "d"];

  it("says how images are scaled", async () => {
    const plain = { ...processor, do_resize: false };
    near(
      await answer(write({ "preprocessor_config.json": plain }), {}, names),
      [...pixels].map((value) => (value - 0.5) / 0.25),
    );
    const offset = { ...plain, rescale_factor: 1 / 127.5, rescale_offset: true, do_normalize: false };
    near(
      await answer(write({ "preprocessor_config.json": offset }), {}, names),
      [...pixels].map((value) => 2 * value - 1),
    );
    const bytes = { ...plain, do_rescale: false, do_normalize: false };
    const whole = await answer(write({ "preprocessor_config.json": bytes }), {}, names);
    near(
      whole.map((value) => value / 255),
      [...pixels],
    );
  });

  it("but what the recipe says wins", async () => {
    const onnx = write({ "preprocessor_config.json": { ...processor, do_resize: false } });
    near(await answer(onnx, { range: [0, 1] }, names), [...pixels]);
  });

  it("says the size, of which the middle is taken, and the order of channels", async () => {
    const square = { channels: 3, height: 4, width: 4 };
    const image = Float32Array.from({ length: 48 }, (_, i) => i / 48);
    const cropped = {
      do_resize: true,
      size: { height: 4, width: 4 },
      do_center_crop: true,
      crop_size: { height: 2, width: 1 },
      do_rescale: true,
      do_flip_channel_order: true,
    };
    const onnx = write({ "preprocessor_config.json": cropped }, temporaryFolder(), [1, 3, 2, 1]);
    const expected = [37, 41, 21, 25, 5, 9].map((place) => place / 48);
    near(await answer(onnx, {}, ["a", "b", "c", "d", "e", "f"], square, image), expected);
  });

  it.each([
    [{ resample: 1 }, "TEACHER_MISMATCH", /Pillow's filter 1/],
    [{ image_mean: "gray" }, "FILE_UNREADABLE", /does not say how images are prepared/],
    [
      { do_center_crop: true, crop_size: 9, do_resize: false },
      "TEACHER_MISMATCH",
      /middle of 9 × 9 cannot be cut out of images of 1 × 4/,
    ],
  ])("%j is told", async (given, code, message) => {
    await expect(answer(write({ "preprocessor_config.json": given }), {}, names)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});
