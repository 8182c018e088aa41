import { readFileSync } from "node:fs";
import { createGraph, type Tensor, toOnnx } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { describe, expect, it } from "vitest";
import { type EnsembleTarget, ensembleTargets } from "../../src/schemes/ensemble-targets.js";
import { bestMixture, errorProducts, mixtureLogits } from "../../src/schemes/weighted-mixture.js";

interface GoldenTensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface TargetCase {
  readonly name: string;
  readonly target: keyof typeof targets;
  readonly answers: readonly GoldenTensor[];
  readonly shares: GoldenTensor;
  readonly logits: readonly number[];
  readonly crossEntropy: number;
  /** Of the models in the target; of "general" alone. */
  readonly weights?: readonly number[];
}

const weightsOf = (answers: readonly Tensor[], shares: Tensor) => bestMixture(errorProducts(answers, shares));
const targets = {
  ...ensembleTargets,
  general: ((answers, shares) => mixtureLogits(answers, weightsOf(answers, shares))) satisfies EnsembleTarget,
};

const file = new URL("../golden/targets.json", import.meta.url);
const cases: readonly TargetCase[] = JSON.parse(readFileSync(file, "utf8")).cases;

type Golden = Pick<TargetCase, "answers" | "shares">;

async function targetOf({ answers, shares }: Golden, make: EnsembleTarget): Promise<Float32Array> {
  const graph = createGraph();
  const constant = ({ shape, data }: GoldenTensor) => graph.constant("float32", shape, [...data]);
  graph.output("target", make(answers.map(constant), constant(shares)));
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
    const actual = await targetOf(golden, targets[golden.target]);
    if (golden.target !== "linear") {
      expect(actual).toHaveLength(golden.logits.length);
      const largest = Math.max(...golden.answers.flatMap(({ data }) => data.map(Math.abs)), 1);
      for (const [i, value] of golden.logits.entries()) {
        expect(Math.abs(actual[i]! - value)).toBeLessThan((golden.weights ? 3e-5 : 2e-7) * largest);
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
    const actual = await targetOf(golden, ensembleTargets.linear);
    for (const [i, value] of golden.answers[0]!.data.entries()) expect(actual[i]).toBeCloseTo(value, 5);
  });

  const generalCases = cases.filter(({ weights }) => weights !== undefined);

  it.each(generalCases)("the weights of $name", async (golden) => {
    const actual = await targetOf(golden, weightsOf);
    expect([...actual].reduce((a, b) => a + b)).toBeCloseTo(1, 6);
    for (const [i, weight] of golden.weights!.entries()) expect(actual[i]).toBeCloseTo(weight, 4);
  });

  it("of general leaves out a model that only makes the others worse, and weighs equal ones alike", async () => {
    const weights = async (name: string) =>
      targetOf(cases.find((golden) => golden.name === `general, ${name}`)!, weightsOf);
    expect([...(await weights("one far better"))]).toEqual([expect.closeTo(1, 6), 0]);
    expect([...(await weights("equal models"))]).toEqual([expect.closeTo(0.5, 4), expect.closeTo(0.5, 4)]);
  });

  it("of general has weights where no model makes an error, and of eight models", async () => {
    const shares = { shape: [2, 2], data: [1, 0, 0, 1] };
    const sure = { shape: [2, 2], data: [200, -200, -200, 200] };
    expect([...(await targetOf({ answers: [sure, sure], shares }, weightsOf))]).toEqual([0.5, 0.5]);
    const wrong = { shape: [2, 2], data: [-1, 1, 1, -1] };
    const eight = await targetOf({ answers: [...Array(7).fill(wrong), sure], shares }, weightsOf);
    expect(eight[7]).toBeCloseTo(1, 2);
  });
});
