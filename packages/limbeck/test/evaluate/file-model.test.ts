import { readFileSync } from "node:fs";
import { createGraph, ops, randomStream, toOnnx } from "@limbeck/graph";
import { describe, expect, it } from "vitest";
import { FileModel } from "../../src/evaluate/file-model/file-model.js";
import type { FileModelOptions } from "../../src/evaluate/file-model/interface.js";
import { LimbeckError } from "../../src/support/errors.js";
import { type PatternModel, patternModel, patternSamples, writeModel } from "./models.js";

const samples = patternSamples(10);
const images = Float32Array.from(samples.pixels, (value) => value / 255);

async function logitsOf(path: string, options: FileModelOptions = {}, classes = 4) {
  const model = await FileModel.open({ name: "it", path, options }, samples, classes, images.slice(0, 3 * 36), 1);
  try {
    return { logits: [...(await model.logits(images, 10))], kind: model.answers, batch: model.batchOf(10) };
  } finally {
    await model.release();
  }
}

const usual = await logitsOf(patternModel());

describe("a model of any form answers alike", () => {
  const forms: readonly (readonly [string, PatternModel, FileModelOptions, number])[] = [
    ["height and width first", { input: "nhwc" }, {}, 10],
    ["rows of numbers", { input: "rows" }, {}, 10],
    ["gray images made color", { input: "color" }, {}, 10],
    ["one image at a time", { batch: 1 }, {}, 1],
    ["four images at a time", { batch: 4 }, {}, 4],
    ["bytes", { dtype: "uint8" }, {}, 10],
    ["places of other classes", { before: 2 }, { classes: [2, 3, 4, 5] }, 10],
  ];
  it.each(forms)("%s", async (_, form, options, batch) => {
    const found = await logitsOf(patternModel(form), options);
    expect([found.kind, found.batch]).toEqual(["logits", batch]);
    for (const [i, value] of found.logits.entries()) expect(value).toBeCloseTo(usual.logits[i]!, 3);
  });

  it("probabilities, by logarithms", async () => {
    const { logits, kind } = await logitsOf(patternModel({ answers: "probabilities" }));
    expect(kind).toBe("probabilities");
    const relative = (all: readonly number[], i: number) => all[i]! - all[i - (i % 4)]!;
    // Smaller ones than 1e-7 are not told apart.
    const told = logits.map((_, i) => i).filter((i) => logits[i]! > -15 && logits[i - (i % 4)]! > -15);
    expect(told.length).toBeGreaterThan(10);
    for (const i of told) expect(relative(logits, i)).toBeCloseTo(relative(usual.logits, i), 1);
  });

  it("a range, a mean and a deviation are applied to images as to a teacher's", async () => {
    const { logits } = await logitsOf(patternModel(), { range: [0, 255], mean: 10, std: 2 });
    const direct = Float32Array.from(images, (value) => (value * 255 - 10) / 2);
    const model = await FileModel.open({ name: "it", path: patternModel(), options: {} }, samples, 4, direct, 1);
    const expected = await model.logits(direct, 10);
    await model.release();
    for (const [i, value] of logits.entries()) expect(value / expected[i]!).toBeCloseTo(1, 3);
  });

  it("images are resized to what the file takes", async () => {
    const found = await logitsOf(patternModel({ input: "large" }));
    expect(found.logits.length).toBe(40);
    const tops = (all: readonly number[]) =>
      Array.from({ length: 10 }, (_, row) => {
        const answers = all.slice(row * 4, row * 4 + 4);
        return answers.indexOf(Math.max(...answers));
      });
    const same = tops(found.logits).filter((top, i) => top === tops(usual.logits)[i]).length;
    expect(same).toBeGreaterThan(7);
  });
});

describe("rows and windows are fed as they are", () => {
  const window = { channels: 4, height: 9, width: 1, columns: ["p", "q", "r", "s"] };
  const values = images.slice(0, 36);
  const open = (shape: readonly number[], options: FileModelOptions = {}) => {
    const graph = createGraph();
    graph.output("y", ops.flatten(graph.input("x", "float32", shape)));
    return FileModel.open({ name: "it", path: writeModel(toOnnx(graph)), options }, window, 36, values, 1);
  };

  it.each([[[1, 36]], [[1, 4, 9]], [[1, 4, 9, 1]]])("into [%s]", async (shape) => {
    const model = await open(shape);
    expect([...(await model.logits(values, 1))]).toEqual([...values]);
    await model.release();
  });

  it.each([[[1, 9, 4]], [[1, 9, 1, 4]], [[1, 4, 18, 1]], [[1, 35]]])("never into [%s]", async (shape) => {
    const message = `it: input x has shape [${shape.join(", ")}], and a sample has 4 × 9 × 1 numbers`;
    await expect(open(shape)).rejects.toMatchObject({ code: "MODEL_MISMATCH", message });
  });

  it("what is done to images is refused", async () => {
    const message = "it: mean is for images, and input x takes numbers as they are";
    await expect(open([1, 36], { mean: 1 })).rejects.toMatchObject({ code: "MODEL_MISMATCH", message });
  });
});

/** A model that answers with something of another kind. */
function strange(
  answer: (x: ReturnType<ReturnType<typeof createGraph>["input"]>) => ReturnType<typeof ops.relu>,
): string {
  const graph = createGraph();
  graph.output("y", answer(graph.input("x", "float32", [1, 1, 6, 6])));
  return writeModel(toOnnx(graph, { symbols: { x: { 0: "batch" }, y: { 0: "batch" } } }));
}

describe("a model that does not fit is named", () => {
  const bad: readonly (readonly [string, () => string, FileModelOptions, string, RegExp])[] = [
    ["other classes", () => patternModel({ before: 2 }), {}, "MODEL_MISMATCH", /^it tells 6 classes apart, .* 4$/],
    ["a place that is not there", () => patternModel(), { classes: [0, 1, 2, 4] }, "MODEL_MISMATCH", /^it: .*place 4/],
    ["too few places", () => patternModel(), { classes: [0, 1] }, "MODEL_MISMATCH", /^it: .*lists 2 places/],
    ["an input that is not there", () => patternModel(), { input: "z" }, "MODEL_MISMATCH", /^it has no input "z"/],
    ["an output that is not there", () => patternModel(), { output: "z" }, "MODEL_MISMATCH", /^it has no output "z"/],
    ["a size that the file fixes otherwise", () => patternModel(), { size: 9 }, "MODEL_MISMATCH", /at 6.*asks for 9/],
    ["deviations of three channels", () => patternModel(), { std: [1, 1, 1] }, "MODEL_MISMATCH", /std has 3 numbers/],
    [
      "answers that are no rows",
      () => strange((x) => ops.reduceSum(x)),
      {},
      "MODEL_MISMATCH",
      /not with a row for each/,
    ],
    ["truth values", () => strange((x) => ops.greater(ops.flatten(x), 0)), {}, "MODEL_MISMATCH", /with bool/],
    ["NaN", () => strange((x) => ops.log(ops.sub(ops.flatten(x), 2))), {}, "MODEL_FAILED", /answers with NaN/],
    [
      "infinity",
      () => strange((x) => ops.div(1, ops.mul(ops.flatten(x), 0))),
      {},
      "MODEL_FAILED",
      /which is no finite/,
    ],
    ["bytes that are no model", () => writeModel(Uint8Array.of(1, 2, 3)), {}, "MODEL_FAILED", /^it cannot be loaded/],
    ["half a model", half, {}, "MODEL_FAILED", /^it cannot be loaded/],
    ["nothing", () => writeModel(new Uint8Array()), {}, "MODEL_FAILED", /^it cannot be loaded/],
    ["no file", () => "/nowhere/model.onnx", {}, "FILE_MISSING", /does not exist/],
    ["a folder", () => "/", {}, "FILE_UNREADABLE", /is a folder/],
  ];
  it.each(bad)("%s", async (_, path, options, code, message) => {
    const error = await logitsOf(path(), options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LimbeckError);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message), fix: expect.stringMatching(/\.$/) });
  });

  it("images of three channels, and an input of five axes", async () => {
    const colored = { ...samples, channels: 2, height: 3 };
    const open = (path: string) =>
      FileModel.open({ name: "it", path, options: {} }, colored, 4, images.slice(0, 36), 1);
    await expect(open(patternModel())).rejects.toMatchObject({ code: "MODEL_MISMATCH" });
    const graph = createGraph();
    graph.output("y", ops.relu(graph.input("x", "float32", [1, 2, 2, 2, 2])));
    await expect(open(writeModel(toOnnx(graph)))).rejects.toMatchObject({
      code: "MODEL_MISMATCH",
      message: "it: input x has shape [1, 2, 2, 2, 2], and a sample has 2 × 3 × 6 numbers",
    });
  });
});

it("damaged files are refused with a typed error, or answer all the same", async () => {
  const whole = readFileSync(patternModel());
  const random = randomStream(1);
  for (let round = 0; round < 120; round++) {
    const bytes = Uint8Array.from(round % 3 === 0 ? whole.subarray(0, random.below(whole.length)) : whole);
    // Most of a file is weights; the first bytes are what it is made of.
    const end = Math.min(bytes.length, round % 3 === 1 ? 200 : whole.length);
    for (let k = 0; k < round % 4 && end > 0; k++) bytes[random.below(end)] = random.below(256);
    const error = await logitsOf(writeModel(bytes)).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (error !== undefined) expect(error).toBeInstanceOf(LimbeckError);
  }
});

function half(): string {
  const graph = createGraph();
  const x = graph.input("x", "float32", [1, 36]);
  graph.output("y", ops.matmul(x, graph.constant("float32", [36, 4], new Float32Array(144))));
  const bytes = toOnnx(graph);
  return writeModel(bytes.subarray(0, bytes.length >> 1));
}
