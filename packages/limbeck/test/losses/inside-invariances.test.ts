import { randomStream } from "@limbeck/graph";
import { describe, expect, it } from "vitest";
import { evaluateLoss, type GoldenTensor } from "./golden.js";

function draw(shape: readonly number[], seed: number): GoldenTensor {
  const stream = randomStream(seed);
  return { shape, data: Array.from({ length: shape.reduce((a, b) => a * b) }, () => 2 * stream.uniform() - 1) };
}

const scaled = ({ shape, data }: GoldenTensor, factor: number, shift = 0): GoldenTensor => ({
  shape,
  data: data.map((x) => factor * x + shift),
});

/** Two features of [N, 2, …] turned by a right angle: (a, b) becomes (-b, a). */
function turned({ shape, data }: GoldenTensor): GoldenTensor {
  return { shape, data: data.map((_, i) => (i % 2 === 0 ? -data[i + 1]! : data[i - 1]!)) };
}

/** Channels of [N, C, H, W] in reverse order. */
function mirrored({ shape, data }: GoldenTensor): GoldenTensor {
  const [, channels, height, width] = shape as [number, number, number, number];
  const area = height * width;
  const source = (i: number) => {
    const channel = Math.floor(i / area) % channels;
    return i + (channels - 1 - 2 * channel) * area;
  };
  return { shape, data: data.map((_, i) => data[source(i)]!) };
}

async function lossOf(loss: string, student: GoldenTensor, teacher: GoldenTensor, options = {}): Promise<number> {
  return (await evaluateLoss({ name: loss, loss, options, features: [{ student, teacher }] })).value;
}

const [maps, otherMaps] = [draw([3, 4, 3, 3], 1), draw([3, 5, 3, 3], 2)];
const [rows, otherRows] = [draw([5, 2], 3), draw([5, 4], 4)];

describe("losses ignore what their papers say they ignore", () => {
  it.each<[string, GoldenTensor, GoldenTensor, GoldenTensor]>([
    ["at", maps, scaled(maps, -3), otherMaps],
    ["at", maps, mirrored(maps), otherMaps],
    ["nst", maps, scaled(maps, 7), otherMaps],
    ["nst", maps, mirrored(maps), otherMaps],
    ["sp", rows, scaled(rows, 4), otherRows],
    ["sp", rows, turned(rows), otherRows],
    ["pkt", rows, scaled(rows, 4), otherRows],
    ["cc", rows, scaled(rows, 4), otherRows],
    ["rkd-distance", rows, scaled(rows, 4, 2), otherRows],
    ["rkd-distance", rows, turned(rows), otherRows],
    ["rkd-angle", rows, scaled(rows, 4, 2), otherRows],
    ["rkd-angle", rows, turned(rows), otherRows],
  ])("%s", async (loss, plain, changed, teacher) => {
    const value = await lossOf(loss, plain, teacher);
    expect(value).toBeGreaterThan(1e-3);
    expect(await lossOf(loss, changed, teacher)).toBeCloseTo(value, 5);
  });

  it("sp: one long sample weighs no more than another", async () => {
    const long: GoldenTensor = { ...rows, data: rows.data.map((x, i) => (i < 2 ? 1000 * x : x)) };
    expect(await lossOf("sp", long, otherRows)).toBeLessThan(4);
  });

  it.each(["at", "nst"])("%s is zero for the teacher's own features, at any scale", async (loss) => {
    expect(await lossOf(loss, scaled(maps, 5), maps)).toBeCloseTo(0, 5);
  });
});

describe("features that cannot be compared", () => {
  it.each<[string, GoldenTensor, GoldenTensor, RegExp, object?]>([
    ["rkd-distance", draw([1, 3], 1), draw([1, 3], 2), /batches of 2/],
    ["rkd-angle", draw([1, 3], 1), draw([1, 3], 2), /batches of 2/],
    ["cc-neighbors", draw([1, 3], 1), draw([1, 3], 2), /batches of 2/],
    ["at", rows, otherRows, /maps \[N, C, H, W\].*\[5,2\].*\[5,4\]/],
    ["patient", rows, otherRows, /same shape.*\[5,2\].*\[5,4\]/],
    ["attention-scores", maps, otherMaps, /same shape/],
    ["minilm-relation", draw([2, 3, 4], 1), draw([2, 3, 5], 2), /2 heads/, { heads: 2 }],
    ["vid", rows, maps, /place by place/],
    ["hidden", draw([2, 3, 4], 1), draw([2, 4, 4], 2), /place by place/],
    ["fitnets", rows, maps, /no regressor/],
    ["fitnets", draw([2, 3, 2, 2], 1), draw([2, 3, 3, 3], 2), /no regressor/],
    ["fsp", maps, otherMaps, /channel by channel/],
  ])("%s says so, with both shapes", async (loss, student, teacher, message, options = {}) => {
    const error = await lossOf(loss, student, teacher, options).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "FEATURE_MISMATCH", value: [student.shape, teacher.shape] });
    expect(String(error)).toMatch(message);
  });
});
