import { readFileSync } from "node:fs";
import { createGraph, gradients, ops, type Tensor, toOnnx } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { describe, expect, it } from "vitest";
import { losses, lossNamed } from "../../src/losses/index.js";

interface GoldenLoss {
  readonly name: string;
  readonly loss: string;
  readonly options: Readonly<Record<string, number>>;
  readonly studentLogits: { readonly shape: [number, number]; readonly data: number[]; readonly gradient: number[] };
  readonly teacherLogits: { readonly shape: [number, number]; readonly data: number[] } | null;
  readonly labels: number[] | null;
  readonly value: number;
}

const text = readFileSync(new URL("../golden/losses.json", import.meta.url), "utf8");
const cases: readonly GoldenLoss[] = JSON.parse(text).cases;

/** Value and gradient of a loss. */
async function evaluate(golden: Omit<GoldenLoss, "value">): Promise<{ value: number; gradient: number[] }> {
  const { studentLogits, teacherLogits, labels } = golden;
  const graph = createGraph();
  const logits = graph.input("logits", "float32", studentLogits.shape);
  const record = lossNamed(golden.loss);
  const value = record.compute(
    {
      logits,
      labels: labels ? graph.constant("int64", [labels.length], labels) : undefined,
      teacherLogits: teacherLogits ? graph.constant("float32", teacherLogits.shape, teacherLogits.data) : undefined,
    },
    record.options.parse(golden.options),
  );
  graph.output("value", value);
  graph.output("gradient", gradients(value, [logits])[0] as Tensor);
  const session = await nodeBackend.createSession(toOnnx(graph), { threads: 1 });
  const feed = nodeBackend.tensor("float32", Float32Array.from(studentLogits.data), studentLogits.shape);
  const result = await session.run({ logits: feed });
  await session.release();
  return { value: Number(result.value!.data[0]), gradient: Array.from(result.gradient!.data as Float32Array) };
}

/** Logits are rounded to single precision: what they add up to scales the tolerance. */
function expectNear(actual: number, expected: number, scale: number, what: string): void {
  expect(Math.abs(actual - expected), `${what}: ${actual} instead of ${expected}`).toBeLessThan(
    3e-6 * Math.max(1, scale),
  );
}

describe("losses agree with PyTorch, and so do their gradients", () => {
  for (const golden of cases) {
    it(golden.name, async () => {
      const { value, gradient } = await evaluate(golden);
      const temperature = golden.options.temperature ?? 1;
      const scale = Math.max(...golden.studentLogits.data.map(Math.abs)) * temperature;
      expectNear(value, golden.value, scale, "value");
      golden.studentLogits.gradient.forEach((expected, i) => {
        expectNear(gradient[i]!, expected, temperature, `gradient[${i}]`);
      });
    });
  }
});

describe("kd", () => {
  const student = { shape: [2, 4] as [number, number], data: [1, 2, 3, 4, -1, 0, 1, 5], gradient: [] };
  const base = { name: "", loss: "kd", options: { temperature: 3 }, studentLogits: student, labels: null };

  it("ignores a shift of either side's logits", async () => {
    const teacher = { shape: [2, 4] as [number, number], data: [4, 3, 2, 1, 0, 1, 0, 1] };
    const plain = await evaluate({ ...base, teacherLogits: teacher });
    const shifted = await evaluate({
      ...base,
      studentLogits: { ...student, data: student.data.map((z) => z + 7) },
      teacherLogits: { ...teacher, data: teacher.data.map((z) => z - 5) },
    });
    expect(shifted.value).toBeCloseTo(plain.value, 4);
  });

  it("keeps the size of its gradient at high temperatures", async () => {
    const teacher = { shape: [2, 4] as [number, number], data: [4, 3, 2, 1, 0, 1, 0, 1] };
    const size = async (temperature: number) => {
      const { gradient } = await evaluate({ ...base, options: { temperature }, teacherLogits: teacher });
      return Math.hypot(...gradient);
    };
    expect((await size(40)) / (await size(20))).toBeCloseTo(1, 1);
  });
});

it("every loss says what it is", () => {
  for (const loss of losses) {
    expect(loss.formula.length, loss.name).toBeGreaterThan(20);
    expect(loss.source, loss.name).not.toBe("");
    expect(
      cases.some((golden) => golden.loss === loss.name),
      `${loss.name} has golden values`,
    ).toBe(true);
  }
});

it("terms without a path to the student are refused", () => {
  const graph = createGraph();
  const logits = graph.parameter("logits", "float32", [1, 2]);
  expect(() => gradients(ops.reduceSum(ops.detach(logits)), [logits])).toThrow(/does not depend/);
});
