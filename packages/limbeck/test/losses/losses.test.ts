import { createGraph, gradients, ops } from "@limbeck/graph";
import { describe, expect, it } from "vitest";
import { evaluateLoss, type GoldenLoss, readLossCases } from "./golden.js";

const cases = readLossCases();

/** Golden gradients by the names that {@link evaluateLoss} gives. */
function goldenGradients(golden: GoldenLoss): Record<string, readonly number[]> {
  const all = {
    ...(golden.saliency ? { saliency: golden.saliency.student } : {}),
    ...(golden.studentLogits ? { logits: golden.studentLogits } : {}),
    ...Object.fromEntries(Object.entries(golden.heads?.student ?? {}).map(([name, x]) => [`heads/${name}`, x])),
    ...Object.fromEntries((golden.features ?? []).map(({ student }, i) => [`features/${i}`, student])),
    ...Object.fromEntries((golden.studentFeatures ?? []).map((x, i) => [`studentFeatures/${i}`, x])),
    ...Object.fromEntries(Object.entries(golden.parameters ?? {}).map(([name, p]) => [`parameters/${name}`, p])),
  };
  return Object.fromEntries(
    Object.entries(all).flatMap(([name, { gradient }]) => (gradient ? [[name, gradient] as const] : [])),
  );
}

/** Values are rounded to single precision: what they add up to scales the tolerance. */
function expectNear(actual: number, expected: number, scale: number, what: string, tolerance = 3e-6): void {
  expect(Math.abs(actual - expected), `${what}: ${actual} instead of ${expected}`).toBeLessThan(
    tolerance * Math.max(1, scale, Math.abs(expected)),
  );
}

describe("losses agree with PyTorch, and so do their gradients", () => {
  for (const golden of cases) {
    it(golden.name, async () => {
      const { value, gradients, next } = await evaluateLoss(golden);
      const temperature = Number(golden.options.temperature ?? 1);
      const scale = Math.max(...(golden.studentLogits?.data ?? [1]).map(Math.abs)) * temperature;
      expectNear(value, golden.value, scale, "value", golden.tolerance);
      for (const [name, expected] of Object.entries(goldenGradients(golden))) {
        expected.forEach((number, i) => {
          expectNear(gradients[name]![i]!, number, temperature, `gradient ${name}[${i}]`, golden.tolerance);
        });
      }
      for (const [name, buffer] of Object.entries(golden.buffers ?? {})) {
        buffer.next?.forEach((number, i) => {
          expectNear(next[name]![i]!, number, 1, `${name}[${i}]`);
        });
      }
    });
  }
});

describe("kd", () => {
  const student = { shape: [2, 4], data: [1, 2, 3, 4, -1, 0, 1, 5] };
  const teacher = { shape: [2, 4], data: [4, 3, 2, 1, 0, 1, 0, 1] };
  const base = { name: "", loss: "kd", options: { temperature: 3 }, studentLogits: student };

  it("ignores a shift of either side's logits", async () => {
    const plain = await evaluateLoss({ ...base, teacherLogits: teacher });
    const shifted = await evaluateLoss({
      ...base,
      studentLogits: { ...student, data: student.data.map((z) => z + 7) },
      teacherLogits: { ...teacher, data: teacher.data.map((z) => z - 5) },
    });
    expect(shifted.value).toBeCloseTo(plain.value, 4);
  });

  it("keeps the size of its gradient at high temperatures", async () => {
    const size = async (temperature: number) => {
      const { gradients } = await evaluateLoss({ ...base, options: { temperature }, teacherLogits: teacher });
      return Math.hypot(...gradients.logits!);
    };
    expect((await size(40)) / (await size(20))).toBeCloseTo(1, 1);
  });
});

it("terms without a path to the student are refused", () => {
  const graph = createGraph();
  const logits = graph.parameter("logits", "float32", [1, 2]);
  expect(() => gradients(ops.reduceSum(ops.detach(logits)), [logits])).toThrow(/does not depend/);
});
