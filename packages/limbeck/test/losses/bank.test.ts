import { describe, expect, it } from "vitest";
import { evaluateLoss, type GoldenLoss, type GoldenTensor, readLossCases } from "./golden.js";

const cases = readLossCases();

const caseNamed = (name: string): GoldenLoss => cases.find((golden) => golden.name === name)!;

const changed = (x: GoldenTensor, change: (value: number, i: number) => number): GoldenTensor => ({
  shape: x.shape,
  data: x.data.map(change),
});

/** The same case without the biases of its adapters, so that they are linear. */
function linear(golden: GoldenLoss): GoldenLoss {
  const entries = Object.entries(golden.parameters!).map(([name, x]) => {
    return [name, name.endsWith("bias") ? changed(x, () => 0) : x] as const;
  });
  return { ...golden, parameters: Object.fromEntries(entries) };
}

/** Samples of a batch in reverse order. */
function reversed(golden: GoldenLoss): GoldenLoss {
  const turn = ({ shape, data }: GoldenTensor): GoldenTensor => {
    const width = data.length / shape[0]!;
    return { shape, data: data.map((_, i) => data[(shape[0]! - 1 - Math.floor(i / width)) * width + (i % width)]!) };
  };
  return {
    ...golden,
    features: golden.features!.map(({ student, teacher }) => ({ student: turn(student), teacher: turn(teacher) })),
    ...(golden.labels ? { labels: [...golden.labels].reverse() } : {}),
    ...(golden.sampleIndices ? { sampleIndices: [...golden.sampleIndices].reverse() } : {}),
  };
}

const CASES = ["crd 4x6 to 4x3 first step, whole set", "crd 4x6 to 4x3 later, drawn", "seed-queue 4x3 to 4x6"];

describe.each(CASES)("%s", (name) => {
  const golden = linear(caseNamed(name));

  it("does not depend on the scale of features", async () => {
    const features = golden.features!.map(({ student, teacher }) => ({
      student: changed(student, (x) => 3 * x),
      teacher: changed(teacher, (x) => x / 4),
    }));
    expect((await evaluateLoss({ ...golden, features })).value).toBeCloseTo((await evaluateLoss(golden)).value, 4);
  });

  it("does not depend on the order of samples", async () => {
    expect((await evaluateLoss(reversed(golden))).value).toBeCloseTo((await evaluateLoss(golden)).value, 4);
  });
});

describe("crd", () => {
  const golden = caseNamed("crd 4x6 to 4x3 later, whole set");

  it("learns nothing from samples of its own class", async () => {
    const sampleLabels = golden.sampleLabels!.map((_, i) => (i === 5 ? 1 : 0));
    const base = { ...golden, labels: golden.sampleIndices!.map((i) => sampleLabels[i]!), sampleLabels };
    const memory = base.buffers!["memory.teacher"]!;
    const moved = (row: number) => ({
      ...base.buffers!,
      "memory.teacher": changed(memory, (x, i) => (Math.floor(i / 4) === row ? -x : x)),
    });
    const unseen = [...Array(6).keys()].find((row) => row !== 5 && !golden.sampleIndices!.includes(row))!;
    const { value } = await evaluateLoss(base);
    expect((await evaluateLoss({ ...base, buffers: moved(unseen) })).value).toBe(value);
    expect((await evaluateLoss({ ...base, buffers: moved(5) })).value).not.toBe(value);
  });
});

describe("seed-queue", () => {
  it("is zero for a student whose features are the teacher's, at equal temperatures", async () => {
    const golden = caseNamed("seed-queue 4x3 to 4x6");
    const { teacher } = golden.features![0]!;
    const { value, gradients } = await evaluateLoss({
      ...golden,
      options: { ...golden.options, studentTemperature: 0.1, teacherTemperature: 0.1 },
      features: [{ student: teacher, teacher }],
      parameters: {
        "projection.weight": { shape: [6, 6], data: Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? 1 : 0)) },
        "projection.bias": { shape: [6], data: new Array(6).fill(0) },
      },
    });
    expect(value).toBeCloseTo(0, 6);
    for (const slope of gradients["features/0"]!) expect(slope).toBeCloseTo(0, 5);
  });
});
