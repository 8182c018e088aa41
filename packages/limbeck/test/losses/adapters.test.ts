import { randomStream } from "@limbeck/graph";
import { describe, expect, it } from "vitest";
import { evaluateLoss, type GoldenLoss, type GoldenTensor } from "./golden.js";

function draw(shape: readonly number[], seed: number): GoldenTensor {
  const stream = randomStream(seed);
  return { shape, data: Array.from({ length: shape.reduce((a, b) => a * b) }, () => 2 * stream.uniform() - 1) };
}

const changed = ({ shape, data }: GoldenTensor, change: (x: number) => number): GoldenTensor => ({
  shape,
  data: data.map(change),
});

type Given = Omit<GoldenLoss, "name" | "value" | "options" | "loss"> & { readonly options?: object };

async function evaluate(loss: string, given: Given) {
  return evaluateLoss({ name: loss, loss, ...given, options: { ...given.options } });
}

describe("srd", () => {
  const [student, teacher] = [draw([6, 3], 1), draw([6, 4], 2)];
  const parameters = { "projector.weight": draw([4, 3], 3) };
  const lossOf = async (features: GoldenLoss["features"]) => (await evaluate("srd", { features, parameters })).value;

  it("ignores scale and shift of either side, channel by channel", async () => {
    const plain = await lossOf([{ student, teacher }]);
    const other = { student: changed(student, (x) => 50 * x + 3), teacher: changed(teacher, (x) => 20 * x - 7) };
    expect(await lossOf([other])).toBeCloseTo(plain, 2);
  });

  it("has a value and a gradient where features are the same", async () => {
    const identity = { shape: [3, 3], data: [1, 0, 0, 0, 1, 0, 0, 0, 1] };
    const given = { features: [{ student, teacher: student }], parameters: { "projector.weight": identity } };
    const { value, gradients } = await evaluate("srd", given);
    expect(value).toBeCloseTo(Math.log(1e-12), 3);
    for (const gradient of gradients["features/0"]!) expect(gradient).toBeCloseTo(0, 5);
  });
});

describe("ofd", () => {
  const shape = [2, 1, 2, 2];
  const flat = (value: number): GoldenTensor => ({ shape, data: new Array(8).fill(value) });
  const norm = { weight: { shape: [1], data: [1] }, bias: { shape: [1], data: [0] } };
  const parameters = {
    "connector.weight": { shape: [1, 1, 1, 1], data: [1] },
    "norm.weight": { shape: [1], data: [0] },
    "norm.bias": { shape: [1], data: [-2] },
  };
  const lossOf = async (teacher: number, bias: number) => {
    const given = { ...parameters, "norm.bias": { shape: [1], data: [bias] } };
    const features = [{ student: draw(shape, 1), teacher: flat(teacher), norm }];
    return (await evaluate("ofd", { features, parameters: given })).value;
  };

  it("lets the student be as low as it likes where the teacher is negative", async () => {
    expect(await lossOf(-0.5, -2)).toBe(0);
    expect(await lossOf(-5, -0.9)).toBe(0);
  });

  it("wants no less of it than the mean of negative values", async () => {
    const margin = -Math.sqrt(2 / Math.PI);
    expect(await lossOf(-5, 0.5)).toBeCloseTo(4 * (0.5 - margin) ** 2, 4);
    expect(await lossOf(2, -1)).toBeCloseTo(4 * 9, 4);
  });

  it("takes a channel that never varies", async () => {
    const features = [
      { student: draw(shape, 1), teacher: flat(-1), norm: { ...norm, weight: { shape: [1], data: [0] } } },
    ];
    expect((await evaluate("ofd", { features, parameters })).value).toBeGreaterThanOrEqual(0);
  });
});

describe("ft", () => {
  const channels = (out: number, inputs: number) => ({ shape: [out, inputs, 3, 3], seed: 9 * out + inputs });
  const layers = {
    "paraphraser.encoder.0": channels(2, 2),
    "paraphraser.encoder.1": channels(1, 2),
    "paraphraser.encoder.2": channels(1, 1),
    "paraphraser.decoder.0": channels(1, 1),
    "paraphraser.decoder.1": channels(2, 1),
    "paraphraser.decoder.2": channels(2, 2),
    "translator.0": channels(2, 2),
    "translator.1": channels(1, 2),
    "translator.2": channels(1, 1),
  };
  const parameters = Object.fromEntries(
    Object.entries(layers).flatMap(([name, { shape, seed }]) => [
      [`${name}.weight`, draw(shape, seed)],
      ...["bias", "norm.weight", "norm.bias"].map((part, i) => [`${name}.${part}`, draw([shape[0]!], seed + 100 * i)]),
    ]),
  );
  const features = [{ student: draw([2, 2, 3, 3], 1), teacher: draw([2, 2, 3, 3], 2) }];

  it("trains the paraphraser by its own error alone", async () => {
    const gradientOf = async (reconstruction: number) => {
      const { gradients } = await evaluate("ft", { features, parameters, options: { reconstruction } });
      return gradients["parameters/paraphraser.encoder.0.weight"]!;
    };
    const [one, two] = [await gradientOf(1), await gradientOf(2)];
    one.forEach((gradient, i) => {
      expect(two[i]).toBeCloseTo(2 * gradient, 4);
    });
  });
});

describe("features that cannot be adapted", () => {
  const [maps, rows] = [draw([2, 3, 4, 4], 1), draw([2, 3], 2)];
  it.each<[string, GoldenTensor, GoldenTensor, RegExp]>([
    ["mgd", rows, rows, /maps \[N, C, H, W\]/],
    ["ft", rows, maps, /maps \[N, C, H, W\]/],
    ["ofd", maps, draw([2, 3, 2, 2], 3), /same size/],
    ["srd", draw([1, 3], 1), draw([1, 3], 2), /batches of 2/],
    ["srd", rows, maps, /place by place/],
    ["review", draw([1, 3], 1), draw([1, 3], 2), /batches of 2/],
    ["review", draw([2, 3, 4], 1), maps, /maps \[N, C, H, W\] or vectors/],
    ["semckd", draw([1, 3, 2, 2], 1), draw([1, 3, 2, 2], 2), /batches of 2/],
    ["semckd", draw([2, 3, 4], 1), maps, /maps \[N, C, H, W\] or vectors/],
  ])("%s says so, with both shapes", async (loss, student, teacher, message) => {
    const error = await evaluate(loss, { features: [{ student, teacher }] }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "FEATURE_MISMATCH", value: [student.shape, teacher.shape] });
    expect(String(error)).toMatch(message);
  });
});
