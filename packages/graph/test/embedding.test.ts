import { describe, expect, it } from "vitest";
import {
  adam,
  compileTraining,
  createGraph,
  type Optimizer,
  ops,
  sgd,
  type TrainingProgram,
  TrainingSession,
} from "../src/index.js";
import { backend } from "./backend.js";
import { expectClose } from "./harness.js";
import { someNumbers } from "./onnx-files.js";

const table = { shape: [5, 2], data: someNumbers([5, 2]).data as Float32Array };
const taken = [0, -1, 3, 3];

/** Pulls the rows of an embedding that are taken towards a target. */
function program(optimizer: Optimizer): TrainingProgram {
  const graph = createGraph();
  const weight = graph.parameter("weight", "float32", table.shape);
  const rows = ops.gather(weight, graph.input("tokens", "int64", [taken.length]));
  const loss = ops.reduceSum(ops.mul(rows, graph.input("slopes", "float32", rows.shape)));
  return compileTraining({ loss, optimizer });
}

const slopes = someNumbers([taken.length, 2]).data as Float32Array;

async function step(training: TrainingProgram): Promise<number[]> {
  const session = await TrainingSession.create(training, backend, { seed: 1, state: { weight: table.data } });
  await session.run({ tokens: BigInt64Array.from(taken, BigInt), slopes }, 0.5);
  const values = Array.from(session.state().weight as Float32Array);
  await session.release();
  return values;
}

describe("embeddings", () => {
  it("have only the rows updated that were taken, by plain SGD; repeated rows add up", async () => {
    const training = program(sgd());
    expect(training.graph.nodes.filter(({ op }) => op === "Sub")).toEqual([]);
    const expected = Array.from(table.data);
    taken.forEach((row, i) => {
      for (const column of [0, 1]) expected[2 * ((row + 5) % 5) + column]! -= 0.5 * slopes[2 * i + column]!;
    });
    const values = await step(training);
    expectClose(values, expected, 1e-6, "weight");
    for (const row of [1, 2]) expect(values.slice(2 * row, 2 * row + 2)).toEqual(expected.slice(2 * row, 2 * row + 2));
  });

  it.each([
    ["momentum", sgd({ momentum: 0.9 })],
    ["weight decay", sgd({ weightDecay: 0.1 })],
    ["Adam", adam()],
  ])("have all rows updated where %s moves those too that were not taken", (_, optimizer) => {
    expect(program(optimizer).graph.nodes.some(({ op }) => op === "Sub")).toBe(true);
  });
});
