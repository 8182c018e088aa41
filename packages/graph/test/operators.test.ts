import { describe, expect, it } from "vitest";
import { operatorTable, randomStream, type TypedArray, toOnnx } from "../src/index.js";
import { backend } from "./backend.js";
import { type GoldenCase, readGolden } from "./golden.js";
import { type BuiltCase, buildCase, expectClose, precisionOf, runGraph } from "./harness.js";

/** Golden files, one for each family of operators. */
const GOLDEN = [
  "ops",
  "activation",
  "convolution",
  "indexing",
  "math",
  "class_loss",
  "normalization",
  "recurrent",
  "spatial",
];
const cases = GOLDEN.flatMap((name) => readGolden<GoldenCase>(name));
const TOLERANCE = { float32: 2e-5, float64: 1e-11 } as const;
/** Steps of central differences, and how far slopes may be apart: rounding takes its part in single precision. */
const DIFFERENCES = { float32: { step: 4e-3, tolerance: 2e-3 }, float64: { step: 1e-6, tolerance: 1e-5 } } as const;

async function check(golden: GoldenCase, precision: "float32" | "float64"): Promise<void> {
  const built = buildCase(golden, precision);
  const results = await runGraph(built.graph, built.feeds);
  golden.outputs.forEach(({ shape, data }, i) => {
    const dtype = built.graph.outputs.get(`y${i}`)!.dtype;
    expect(dtype, `${golden.name} type`).toBe(
      golden.outputs[i]!.dtype === "float64" ? precision : golden.outputs[i]!.dtype,
    );
    expect(results[`y${i}`]!.shape, `${golden.name} shape`).toEqual(shape);
    expectClose(results[`y${i}`]!.data, data, TOLERANCE[precision], `${golden.name} y${i}`);
  });
  for (const i of built.wanted) {
    const expected = golden.inputs[i]!.gradient!;
    expectClose(results[`d${i}`]!.data, expected, TOLERANCE[precision], `${golden.name} d${i}`);
  }
}

/** Slope of the loss in one random direction of all inputs together, by central differences. */
async function checkDifferences(golden: GoldenCase): Promise<void> {
  const precision = precisionOf(golden);
  const { step, tolerance } = DIFFERENCES[precision];
  const built = buildCase(golden, precision);
  const session = await backend.createSession(toOnnx(built.graph), { threads: 1 });
  const at = (feeds: Readonly<Record<string, TypedArray>>) => {
    const inputs = built.graph.inputs.filter(({ name }) => session.inputNames.includes(name));
    return session.run(
      Object.fromEntries(
        inputs.map(({ name, dtype, shape }) => [name, backend.tensor(dtype, feeds[name] as Float32Array, shape)]),
      ),
    );
  };
  const direction = directionOf(built, golden.name);
  const moved = (sign: number) => {
    const shifted = Object.entries(built.feeds).map(([name, values]) => {
      const delta = direction[name];
      return [name, delta ? (values as Float32Array).map((v, i) => v + sign * step * delta[i]!) : values];
    });
    return at(Object.fromEntries(shifted));
  };
  const [here, ahead, behind] = [await at(built.feeds), await moved(1), await moved(-1)];
  const numeric = (Number(ahead.loss!.data[0]) - Number(behind.loss!.data[0])) / (2 * step);
  const exact = built.wanted.reduce((sum, i) => {
    const gradient = Array.from(here[`d${i}`]!.data as Float32Array);
    return sum + gradient.reduce((inner, g, k) => inner + g * direction[`x${i}`]![k]!, 0);
  }, 0);
  await session.release();
  const scale = Math.max(1, Math.abs(exact), Math.abs(Number(here.loss!.data[0])));
  const what = `${golden.name}: ${numeric} by differences, ${exact} exactly`;
  expect(Math.abs(numeric - exact) / scale, what).toBeLessThan(tolerance);
}

function directionOf(built: BuiltCase, name: string): Record<string, Float64Array> {
  const stream = randomStream(1, name);
  // Small values move little: near 0, logarithm and root bend too much for differences.
  const move = (value: number) => (2 * stream.uniform() - 1) * Math.min(1, Math.abs(value));
  return Object.fromEntries(
    built.wanted.map((i) => [`x${i}`, Float64Array.from(built.feeds[`x${i}`] as Float32Array).map(move)]),
  );
}

describe("operators agree with PyTorch", () => {
  for (const op of new Set(cases.map((golden) => golden.op))) {
    it(op, async () => {
      for (const golden of cases.filter((candidate) => candidate.op === op)) {
        await check(golden, "float32");
        if (precisionOf(golden) === "float64") await check(golden, "float64");
      }
    });
  }
});

describe("gradients agree with finite differences", () => {
  const differentiable = cases.filter((golden) => golden.inputs.some((input) => input?.gradient && !input.constant));
  for (const op of new Set(differentiable.map((golden) => golden.op))) {
    it(op, async () => {
      for (const golden of differentiable.filter((candidate) => candidate.op === op)) await checkDifferences(golden);
    });
  }
});

it("every operator of the table has golden cases, or stands here with the reason", () => {
  const elsewhere: Record<string, string> = {
    Dropout: "random: runtime.test.ts",
    HardSigmoid: "float32 kernel only: graph.test.ts",
    IsInf: "JSON has no infinity: math.test.ts",
    IsNaN: "JSON has no NaN: math.test.ts",
    Sign: "flat: covered through the gradient of Abs",
  };
  const covered = new Set(cases.map((golden) => golden.op));
  const missing = [...operatorTable.keys()].filter((name) => !covered.has(name) && !(name in elsewhere));
  expect(missing).toEqual([]);
});
