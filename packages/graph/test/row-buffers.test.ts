import { describe, expect, it } from "vitest";
import { compileTraining, createGraph, ops, sgd, type TrainingProgram, TrainingSession } from "../src/index.js";
import { backend } from "./backend.js";

const [ROWS, WIDTH, BATCH] = [5, 2, 3];

/** Pulls one number to the mean of a bank, of which each step replaces three rows by a number that it is fed. */
function bankProgram(options: { fedRows?: boolean; drawn?: number } = {}): TrainingProgram {
  const graph = createGraph();
  const bank = graph.parameter("bank", "float32", [ROWS, WIDTH]);
  const weight = graph.parameter("weight", "float32", []);
  const fed = graph.input("rows", "int64", [BATCH]);
  const rows = options.drawn ? ops.cast(ops.randomIntegers(graph, [BATCH], options.drawn), "int64") : fed;
  const value = graph.input("value", "float32", [BATCH, WIDTH]);
  const error = ops.sub(weight, ops.detach(ops.reduceMean(bank)));
  return compileTraining({
    loss: ops.mul(error, error),
    optimizer: sgd({ momentum: 0 }),
    buffers: [{ input: bank, next: ops.add(value, ops.gather(bank, rows)), rows }],
  });
}

const start = (program = bankProgram(), state?: Record<string, Float32Array>, step = 0) =>
  TrainingSession.create(program, backend, {
    seed: 3,
    step,
    state: state ?? { bank: new Float32Array(ROWS * WIDTH), weight: Float32Array.of(1) },
    threads: 1,
  });

const feeds = (rows: readonly number[], first = 1) => ({
  rows: BigInt64Array.from(rows, BigInt),
  value: Float32Array.from({ length: BATCH * WIDTH }, (_, i) => first + i),
});

describe("a buffer of which steps replace rows", () => {
  it("keeps the other rows, and the last value of a row that is named twice", async () => {
    const session = await start();
    await session.run(feeds([4, 1, 0]), 0.1);
    expect([...session.state().bank!]).toEqual([5, 6, 3, 4, 0, 0, 0, 0, 1, 2]);
    await session.run(feeds([1, 1, 1], 10), 0.1);
    expect([...session.state().bank!]).toEqual([5, 6, 17, 19, 0, 0, 0, 0, 1, 2]);
    await session.release();
  });

  it("is read by the next step as it has become", async () => {
    const session = await start();
    expect((await session.run(feeds([0, 1, 2]), 0)).loss).toBeCloseTo(1, 6);
    expect((await session.run(feeds([0, 1, 2]), 0)).loss).toBeCloseTo((1 - 2.1) ** 2, 5);
    await session.release();
  });

  it("leaves alone what it was started with and what was read of it before", async () => {
    const bank = new Float32Array(ROWS * WIDTH);
    const session = await start(bankProgram(), { bank, weight: Float32Array.of(1) });
    const before = session.state().bank!;
    await session.run(feeds([0, 1, 2]), 0.1);
    expect([...before]).toEqual([...bank]);
    expect([...bank].every((x) => x === 0)).toBe(true);
    await session.release();
  });

  it("stays as it was where a row is not there", async () => {
    const session = await start();
    await session.run(feeds([0, 1, 2]), 0.1);
    const before = session.state().bank!;
    await expect(session.run(feeds([0, 1, ROWS]), 0.1)).rejects.toMatchObject({ code: "RUNTIME_FAILED" });
    await expect(session.run(feeds([0, 1, -1]), 0.1)).rejects.toMatchObject({ code: "RUNTIME_FAILED" });
    expect(session.state().bank).toEqual(before);
    expect(session.step).toBe(1);
    await session.release();
  });

  it("goes on from a saved state to the same bits, drawn rows included", async () => {
    const whole = await start(bankProgram({ drawn: ROWS }));
    const { rows: _, ...value } = feeds([0, 1, 2]);
    for (let step = 0; step < 6; step++) await whole.run(value, 0.1);
    const half = await start(bankProgram({ drawn: ROWS }));
    for (let step = 0; step < 3; step++) await half.run(value, 0.1);
    const rest = await start(bankProgram({ drawn: ROWS }), half.state() as Record<string, Float32Array>, 3);
    for (let step = 3; step < 6; step++) await rest.run(value, 0.1);
    expect(rest.state()).toEqual(whole.state());
    for (const session of [whole, half, rest]) await session.release();
  });

  it("must be given whole rows of it, by int64 numbers", () => {
    const graph = createGraph();
    const bank = graph.parameter("bank", "float32", [ROWS, WIDTH]);
    const weight = graph.parameter("weight", "float32", []);
    const rows = graph.input("rows", "int64", [BATCH]);
    const compile = (next: Parameters<typeof ops.neg>[0], at = rows) =>
      compileTraining({ loss: ops.mul(weight, weight), optimizer: sgd(), buffers: [{ input: bank, next, rows: at }] });
    const wrong = ops.slice(bank, [0], [2], [0]);
    expect(() => compile(wrong)).toThrow(
      /bank is float32\[5,2\], but float32\[2,2\] after the step in rows int64\[3\]/,
    );
    expect(() => compile(ops.gather(bank, rows), ops.cast(rows, "int32"))).toThrow(/rows int32/);
  });
});

describe("random integers", () => {
  it("are drawn anew for each step, evenly, and never merged", async () => {
    const graph = createGraph();
    const weight = graph.parameter("weight", "float32", []);
    const counts = [0, 1].map(() => {
      const drawn = ops.randomIntegers(graph, [4000], 4);
      return ops.reduceSum(ops.oneHot(ops.cast(drawn, "int64"), 4), { axes: [0] });
    });
    const loss = ops.add(ops.mul(weight, weight), ops.reduceSum(ops.mul(ops.detach(counts[0]!), 0)));
    const terms = Object.fromEntries(
      counts.flatMap((count, i) =>
        [0, 1, 2, 3].map((value) => [`${i}.${value}`, ops.reduceSum(ops.slice(count, [value], [value + 1], [0]))]),
      ),
    );
    const program = compileTraining({ loss, terms, optimizer: sgd() });
    const session = await TrainingSession.create(program, backend, { seed: 1, state: { weight: Float32Array.of(1) } });
    const [first, second] = [await session.run({}, 0.1), await session.run({}, 0.1)];
    await session.release();
    for (const value of [0, 1, 2, 3]) expect(Math.abs(first[`0.${value}`]! - 1000)).toBeLessThan(150);
    const drawn = (report: typeof first, i: number) => [0, 1, 2, 3].map((value) => report[`${i}.${value}`]);
    expect(drawn(first, 0)).not.toEqual(drawn(second, 0));
    expect(drawn(first, 0)).not.toEqual(drawn(first, 1));
  });

  it("need a bound", () => {
    const graph = createGraph();
    for (const below of [0, -1, 1.5, 2 ** 31 + 1]) {
      expect(() => ops.randomIntegers(graph, [1], below)).toThrow(/below/);
    }
  });
});
