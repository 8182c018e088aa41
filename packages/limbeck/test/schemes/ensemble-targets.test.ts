import { readFileSync } from "node:fs";
import { createGraph, toOnnx } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { describe, expect, it } from "vitest";
import { ensembleTargets } from "../../src/schemes/ensemble-targets.js";

interface GoldenTensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface TargetCase {
  readonly name: string;
  readonly target: keyof typeof ensembleTargets;
  readonly answers: readonly GoldenTensor[];
  readonly shares: GoldenTensor;
  readonly logits: readonly number[];
  readonly crossEntropy: number;
}

const file = new URL("../golden/targets.json", import.meta.url);
const cases: readonly TargetCase[] = JSON.parse(readFileSync(file, "utf8")).cases;

async function targetOf({ target, answers, shares }: TargetCase): Promise<Float32Array> {
  const graph = createGraph();
  const constant = ({ shape, data }: GoldenTensor) => graph.constant("float32", shape, [...data]);
  graph.output("target", ensembleTargets[target](answers.map(constant), constant(shares)));
  const session = await nodeBackend.createSession(toOnnx(graph));
  return (await session.run({})).target!.data as Float32Array;
}

/** In double precision, averaged over samples. */
function crossEntropy(logits: ArrayLike<number>, { shape, data }: GoldenTensor): number {
  const [samples, classes] = shape as [number, number];
  let sum = 0;
  for (let n = 0; n < samples; n++) {
    const row = Array.from({ length: classes }, (_, k) => logits[n * classes + k]!);
    const largest = Math.max(...row);
    const total = Math.log(row.reduce((all, z) => all + Math.exp(z - largest), 0)) + largest;
    for (const [k, z] of row.entries()) sum -= data[n * classes + k]! * (z - total);
  }
  return sum / samples;
}

describe("targets that several models make up, as PyTorch has them", () => {
  it.each(cases)("$name", async (golden) => {
    const actual = await targetOf(golden);
    if (golden.target !== "linear") {
      expect(actual).toHaveLength(golden.logits.length);
      const largest = Math.max(...golden.answers.flatMap(({ data }) => data.map(Math.abs)), 1);
      for (const [i, value] of golden.logits.entries()) {
        expect(Math.abs(actual[i]! - value)).toBeLessThan(2e-7 * largest);
      }
      return;
    }
    // Weights may differ where they hardly matter; what they are chosen for may not.
    const reached = crossEntropy(actual, golden.shares);
    expect(reached - golden.crossEntropy).toBeGreaterThan(-1e-6);
    expect(reached - golden.crossEntropy).toBeLessThan(1e-4 * (1 + golden.crossEntropy));
  });

  it("of linear is a weighted mean: what all models agree on stays", async () => {
    const golden = cases.find(({ name }) => name === "linear, equal models")!;
    const actual = await targetOf(golden);
    for (const [i, value] of golden.answers[0]!.data.entries()) expect(actual[i]).toBeCloseTo(value, 5);
  });
});
