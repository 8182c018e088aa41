import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createGraph, type Graph, ops, type Tensor, toOnnx } from "@limbeck/graph";
import { describe, expect, it } from "vitest";
import { linearHead } from "../../src/schemes/heads.js";
import { Classifier } from "../../src/teachers/classifier.js";
import { areProbabilities } from "../../src/teachers/onnx/answers.js";
import { openOnnxTeacher } from "../../src/teachers/onnx/teacher.js";
import { temporaryFolder } from "../runs/harness.js";

const GRAY = { channels: 1, height: 4, width: 4 };
const COLOR = { channels: 3, height: 4, width: 4 };
const folder = temporaryFolder();
let files = 0;

interface Shape {
  readonly input?: readonly number[];
  readonly dtype?: "float32" | "uint8";
  readonly symbols?: boolean;
}

/** Writes a network as a file. */
function write(
  body: (x: Tensor, graph: Graph) => Tensor,
  { input = [1, 3, 8, 8], dtype = "float32", symbols = true }: Shape = {},
) {
  const graph = createGraph();
  const x = graph.input("pixels", dtype, input);
  graph.output("answers", body(x, graph));
  const path = join(folder, `${files++}.onnx`);
  writeFileSync(path, toOnnx(graph, symbols ? { symbols: { pixels: { 0: "n" }, answers: { 0: "n" } } } : {}));
  return path;
}

/** Numbers without an order. */
const numbers = (count: number, offset = 0) => Float32Array.from({ length: count }, (_, i) => Math.sin(3 * i + offset));

/** Pooling and one linear layer over one convolution. */
function small(x: Tensor, graph: Graph, classes = 3): Tensor {
  const channels = x.shape[1]!;
  const maps = ops.relu(
    ops.conv(x, graph.constant("float32", [5, channels, 3, 3], numbers(45 * channels)), undefined, { padding: 1 }),
  );
  const weight = graph.constant("float32", [classes, 5], numbers(classes * 5, 1));
  return ops.linear(ops.flatten(ops.globalAveragePool(maps)), weight);
}

async function answers(file: Uint8Array, images: Float32Array, count: number, geometry = GRAY) {
  const classifier = await Classifier.load(file, geometry, 1);
  const logits = await classifier.logits(images, count);
  await classifier.release();
  return [...logits];
}

/** What a teacher answers that hands on the mean of each channel. */
async function channelMeans(options: object, images: Float32Array, geometry: typeof GRAY, shape: Shape = {}) {
  const input = shape.input ?? [1, 3, 4, 4];
  const isLast = input[3] === 3;
  const path = write((x) => ops.reduceMean(ops.cast(x, "float32"), { axes: isLast ? [1, 2] : [2, 3] }), {
    ...shape,
    input,
  });
  const given = { onnx: path, answers: "logits" as const, ...options };
  return answers((await openOnnxTeacher(given, geometry, input[isLast ? 3 : 1]!, [])).file, images, 1, geometry);
}

const SMALLER = [0.197321, 0.272321, 0.347321, 0.590179, 0.665179, 0.740179];
const ACROSS = [0, 0.04375, 0.09375, 0.14375, 0.1875];
const LARGER = [0, 0.125, 0.291667, 0.458333, 0.625, 0.75].flatMap((start) => ACROSS.map((step) => start + step));

describe("an ONNX teacher sees images as it was trained to", () => {
  const gray = numbers(16).map((value) => value / 2 + 0.5);
  const mean = gray.reduce((a, b) => a + b, 0) / 16;
  const near = (values: readonly number[], expected: readonly number[], digits = 5) => {
    for (const [i, value] of values.entries()) expect(value).toBeCloseTo(expected[i]!, digits);
  };

  it("gray becomes color, in the range that was asked for", async () => {
    near(await channelMeans({ range: [-1, 1] }, gray, GRAY), [2 * mean - 1, 2 * mean - 1, 2 * mean - 1]);
  });

  it("mean and deviation of each channel", async () => {
    const given = { mean: [0.1, 0.2, 0.3], std: [0.5, 1, 2] };
    near(await channelMeans(given, gray, GRAY), [(mean - 0.1) / 0.5, mean - 0.2, (mean - 0.3) / 2]);
  });

  it("color becomes gray by brightness", async () => {
    const color = Float32Array.from({ length: 48 }, (_, i) => [1, 0.5, 0][Math.floor(i / 16)]!);
    const path = write(
      (x) => ops.concat([ops.reduceMean(x, { axes: [2, 3] }), ops.reduceMean(x, { axes: [2, 3] })], 1),
      { input: [1, 1, 4, 4] },
    );
    const { file } = await openOnnxTeacher({ onnx: path, answers: "logits" }, COLOR, 2, []);
    near(await answers(file, color, 1, COLOR), [0.299 + 0.5 * 0.587, 0.299 + 0.5 * 0.587]);
  });

  it("channels last, and bytes", async () => {
    near(await channelMeans({}, gray, GRAY, { input: [1, 4, 4, 3] }), [mean, mean, mean]);
    near(
      await channelMeans({}, gray, GRAY, { input: [1, 3, 4, 4], dtype: "uint8" }),
      [255 * mean, 255 * mean, 255 * mean],
      0,
    );
  });

  it.each([
    [2, 3, SMALLER],
    [6, 5, LARGER],
    [2, 3, CUBIC_SMALLER, "bicubic" as const],
    [6, 5, CUBIC_LARGER, "bicubic" as const],
  ])(
    "%i × %i pixels, as torch.nn.functional.interpolate(…, antialias=True)",
    async (height, width, expected, resample?) => {
      const path = write((x) => ops.flatten(x), { input: [1, 1, height, width] });
      const ramp = Float32Array.from({ length: 16 }, (_, i) => i / 16);
      const given = { onnx: path, answers: "logits" as const, layout: "nchw" as const, resample };
      const { file } = await openOnnxTeacher(given, GRAY, height * width, []);
      near(await answers(file, ramp, 1), expected);
    },
  );
});

const CUBIC_SMALLER = [0.158565, 0.240444, 0.322324, 0.615176, 0.697056, 0.778935];
const CUBIC_LARGER = [
  -0.019152, 0.024058, 0.077303, 0.130547, 0.173757, 0.100237, 0.143447, 0.196691, 0.249936, 0.293146, 0.288962,
  0.332172, 0.385417, 0.438661, 0.481871, 0.455629, 0.498839, 0.552083, 0.605328, 0.648538, 0.644355, 0.687564,
  0.740809, 0.794053, 0.837263, 0.763743, 0.806953, 0.860197, 0.913442, 0.956652,
];

describe("an ONNX teacher answers", () => {
  const images = numbers(3 * 16).map(Math.abs);

  it("with logits, whether the file holds them or probabilities", async () => {
    const plain = await openOnnxTeacher({ onnx: write((x, graph) => small(x, graph)) }, GRAY, 3, []);
    const softened = await openOnnxTeacher({ onnx: write((x, graph) => ops.softmax(small(x, graph))) }, GRAY, 3, []);
    const hidden = write((x, graph) => ops.mul(ops.softmax(small(x, graph)), 1.0000001));
    const expected = await answers(plain.file, images, 3);
    expect(await answers(softened.file, images, 3)).toEqual(expected);
    const logs = await answers((await openOnnxTeacher({ onnx: hidden }, GRAY, 3, [])).file, images, 3);
    for (const i of [0, 3, 6]) expect(logs[i]! - logs[i + 1]!).toBeCloseTo(expected[i]! - expected[i + 1]!, 3);
    expect(areProbabilities(Float32Array.of(0.5, 0.5, -0.1, 1.1), 2)).toBe(false);
  });

  it("for the classes that the data have", async () => {
    const onnx = write((x, graph) => small(x, graph, 5));
    const whole = await answers((await openOnnxTeacher({ onnx }, GRAY, 5, [])).file, images.slice(0, 16), 1);
    const some = await openOnnxTeacher({ onnx, classes: [4, 0] }, GRAY, 2, []);
    expect(await answers(some.file, images.slice(0, 16), 1)).toEqual([whole[4], whole[0]]);
    expect(some.model.builtIn).toBe(5 * 3 * 9 + 25);
    expect(some.sha256).toBe(createHash("sha256").update(readFileSync(onnx)).digest("hex"));
  });

  it("to batches also where its file has room for one image", async () => {
    const reshaped = (x: Tensor, graph: Graph) => {
      const maps = ops.conv(x, graph.constant("float32", [3, 3, 8, 8], numbers(576)));
      return graph.emit("Reshape", [maps, graph.ints([1, 3])])[0]!;
    };
    const { file, model } = await openOnnxTeacher({ onnx: write(reshaped, { symbols: false }) }, GRAY, 3, [7]);
    const single = [await answers(file, images.slice(0, 16), 1), await answers(file, images.slice(16, 32), 1)].flat();
    const both = await answers(file, images.slice(0, 32), 2);
    for (const [i, value] of both.entries()) expect(value).toBeCloseTo(single[i]!, 4);
    expect(model.forward(createGraph().input("images", "float32", [7, 1, 4, 4]), {}, false).logits.shape).toEqual([
      7, 3,
    ]);
  });

  it("to one image after another where its nodes count them", async () => {
    const token = (x: Tensor, graph: Graph) => {
      const rows = ops.reshape(x, [1, 24, 8]);
      const first = graph.constant("float32", [1, 1, 8], numbers(8));
      return ops.slice(ops.reduceMean(ops.concat([first, rows], 1), { axes: [2] }), [0], [3], [1]);
    };
    const { file, model } = await openOnnxTeacher({ onnx: write(token, { symbols: false }) }, GRAY, 3, [2]);
    expect(await answers(file, images.slice(0, 32), 2)).toHaveLength(6);
    const forward = () => model.forward(createGraph().input("images", "float32", [2, 1, 4, 4]), {}, false);
    expect(forward).toThrow(
      expect.objectContaining({ code: "TEACHER_MISMATCH", message: expect.stringContaining("batches of 2") }),
    );
  });

  it("shows where its classes look, whatever its last layer is written as", async () => {
    const ends: ((pooled: Tensor, graph: Graph) => Tensor)[] = [
      (x, graph) => ops.linear(ops.flatten(x), graph.constant("float32", [4, 3], numbers(12))),
      (x, graph) =>
        ops.add(
          ops.matmul(ops.flatten(x), graph.constant("float32", [3, 4], numbers(12))),
          graph.constant("float32", [4], numbers(4)),
        ),
      (x, graph) =>
        ops.flatten(
          ops.conv(x, graph.constant("float32", [4, 3, 1, 1], numbers(12)), graph.constant("float32", [4], numbers(4))),
        ),
      (x, graph) =>
        graph.emit("Gemm", [ops.flatten(x), graph.constant("float32", [3, 4], numbers(12))], { transB: 0 })[0]!,
    ];
    const poolings = [
      ops.globalAveragePool,
      (x: Tensor) => ops.avgPool2d(x, 8),
      (x: Tensor) => ops.reduceMean(x, { axes: [2, 3], keepdims: true }),
    ];
    for (const [i, end] of ends.entries()) {
      const onnx = write((x, graph) => end(poolings[i % 3]!(ops.relu(x)), graph));
      const { model } = await openOnnxTeacher({ onnx, classes: [3, 1] }, GRAY, 2, []);
      const head = linearHead(model.forward(createGraph().input("images", "float32", [2, 1, 4, 4]), {}, false).logits);
      expect([head?.maps.shape, head?.weight.shape], String(i)).toEqual([
        [2, 3, 8, 8],
        [2, 3],
      ]);
    }
  });
});

describe("an ONNX teacher that does not fit is refused", () => {
  const open = (onnx: string, options: object = {}, geometry = GRAY) =>
    openOnnxTeacher({ onnx, ...options }, geometry, 3, []);

  it.each<[string, () => Promise<unknown>, RegExp, RegExp]>([
    [
      "other classes",
      () => open(write((x, graph) => small(x, graph, 5))),
      /tells 5 classes apart, and the data have 3/,
      /teacher\.classes/,
    ],
    [
      "too few places",
      () =>
        open(
          write((x, graph) => small(x, graph, 5)),
          { classes: [0, 1] },
        ),
      /lists 2 places.*3 classes/,
      /one place/,
    ],
    [
      "a place too far",
      () =>
        open(
          write((x, graph) => small(x, graph, 5)),
          { classes: [0, 1, 5] },
        ),
      /place 5.*has 5/,
      /from 0/,
    ],
    [
      "no images",
      () => open(write((x) => x, { input: [1, 3, 16] })),
      /shape \[n, 3, 16\]; images have four axes, rows two/,
      /N, C, H, W/,
    ],
    [
      "rows of another length",
      () => open(write((x) => x, { input: [1, 3] })),
      /rows of 3 values, and a sample has 16/,
      /such/,
    ],
    [
      "four channels",
      () =>
        open(
          write((x, graph) => small(x, graph), { input: [1, 4, 8, 8] }),
          { layout: "nchw" },
        ),
      /takes 4 channels, and the images have 1/,
      /gray/,
    ],
    ["channels anywhere", () => open(write((x) => x, { input: [1, 3, 8, 3] })), /cannot be told/, /teacher\.layout/],
    [
      "another size",
      () =>
        open(
          write((x, graph) => small(x, graph)),
          { size: 16 },
        ),
      /fixes the height of input pixels at 8.*asks for 16/,
      /size/,
    ],
    [
      "no such output",
      () =>
        open(
          write((x, graph) => small(x, graph)),
          { output: "logits" },
        ),
      /has no output "logits"/,
      /answers/,
    ],
    [
      "three means, one channel",
      () =>
        open(
          write((x, graph) => small(x, graph), { input: [1, 1, 8, 8] }),
          { mean: [1, 2, 3] },
        ),
      /3 numbers.*1 channels/,
      /one for each/,
    ],
  ])("%s", async (_, action, message, fix) => {
    const error = await action().catch((reason) => reason);
    expect(error).toMatchObject({
      code: "TEACHER_MISMATCH",
      message: expect.stringMatching(message),
      fix: expect.stringMatching(fix),
    });
  });

  it("no such file, or no ONNX", async () => {
    await expect(open(join(folder, "none.onnx"))).rejects.toMatchObject({ code: "FILE_MISSING" });
    const path = join(folder, "text.onnx");
    writeFileSync(path, "not a model");
    await expect(open(path)).rejects.toMatchObject({ code: "MODEL_INVALID" });
  });
});

const mobilenet = join(process.env.LIMBECK_DATA_DIR ?? "", "models/mobilenet_v2_224.onnx");

it.skipIf(!process.env.LIMBECK_DATA_DIR || !existsSync(mobilenet))(
  "reads MobileNetV2 (skipped without LIMBECK_DATA_DIR)",
  async () => {
    const classes = [1, 5, 9];
    const { model, file } = await openOnnxTeacher({ onnx: mobilenet, range: [-1, 1], classes }, GRAY, 3, []);
    expect(await answers(file, numbers(32).map(Math.abs), 2)).toHaveLength(6);
    const { taps, logits } = model.forward(createGraph().input("images", "float32", [4, 1, 4, 4]), {}, false);
    expect(taps.t43_Add!.shape).toEqual([4, 64, 14, 14]);
    expect(linearHead(logits)!.maps.shape).toEqual([4, 1280, 7, 7]);
  },
);
