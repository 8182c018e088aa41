import { describe, expect, it } from "vitest";
import {
  adam,
  compileTraining,
  createGraph,
  type Optimizer,
  ops,
  sgd,
  type TrainingOptions,
  TrainingSession,
} from "../src/index.js";
import { backend } from "./backend.js";

const SHARE = 0.25;
const SHAPES = { bias: [3], weight: [3, 4], table: [6, 4] };

/** Looks rows of a table up, through a linear layer; a moving average follows each parameter. */
function averagingProgram(optimizer: Optimizer) {
  const graph = createGraph();
  const of = (prefix: string) =>
    Object.entries(SHAPES).map(([name, shape]) => graph.parameter(`${prefix}${name}`, "float32", shape));
  const [parameters, averages] = [of(""), of("ema/")];
  const [bias, weight, table] = parameters;
  const answers = ops.linear(ops.gather(table!, graph.input("rows", "int64", [2])), weight!, bias);
  return compileTraining({
    loss: ops.reduceMean(ops.mul(answers, answers)),
    optimizer,
    parameters,
    buffers: averages.map((average, i) => ({
      input: average,
      next: (updated) => ops.add(average, ops.mul(ops.sub(updated(parameters[i]!), average), SHARE)),
    })),
  });
}

describe("a buffer that is made of what a step makes of parameters", () => {
  it.each([sgd({ momentum: 0.9 }), adam()])("follows them, whatever the optimizer: $name", async (optimizer) => {
    const names = Object.entries(SHAPES).flatMap(([name, shape]) =>
      [name, `ema/${name}`].map((n) => [n, shape] as const),
    );
    const state = Object.fromEntries(
      names.map(([name, shape], i) => {
        const size = shape.reduce((a, b) => a * b);
        return [name, Float32Array.from({ length: size }, (_, j) => Math.sin(i * 10 + j))];
      }),
    );
    const session = await TrainingSession.create(averagingProgram(optimizer), backend, { seed: 1, state, threads: 1 });
    for (let step = 0; step < 3; step++) {
      const before = Object.fromEntries(Object.entries(session.state()).map(([name, x]) => [name, x.slice()]));
      await session.run({ rows: BigInt64Array.of(1n, 4n) }, 0.1);
      const after = session.state();
      for (const name of Object.keys(SHAPES)) {
        expect(after[name]).not.toEqual(before[name]);
        const average = before[`ema/${name}`]!;
        const expected = average.map((x, i) => x + (after[name]![i]! - x) * SHARE);
        for (const [i, x] of expected.entries()) expect(after[`ema/${name}`]![i]).toBeCloseTo(x, 6);
      }
    }
    await session.release();
  });

  const wrong = (
    next: (trained: TrainingOptions["loss"]) => NonNullable<TrainingOptions["buffers"]>[number]["next"],
  ) => {
    const graph = createGraph();
    const [weight, other] = [graph.parameter("weight", "float32", [2]), graph.parameter("other", "float32", [2])];
    const options = { loss: ops.reduceSum(ops.mul(weight, weight)), optimizer: sgd(), parameters: [weight] };
    return () => compileTraining({ ...options, buffers: [{ input: other, next: next(weight) }] });
  };

  it("cannot be made of what is not trained, nor change its shape", () => {
    const untrained = wrong(() => (updated) => updated(createGraph().parameter("frozen", "float32", [2])));
    expect(untrained).toThrow(expect.objectContaining({ code: "OPTION_INVALID", value: "frozen" }));
    const reshaped = wrong((weight) => (updated) => ops.reduceSum(updated(weight)));
    expect(reshaped).toThrow(expect.objectContaining({ code: "SHAPE_MISMATCH", value: "other" }));
  });
});
