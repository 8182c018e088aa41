import { describe, expect, it } from "vitest";
import { compileTraining, createGraph, ops, sgd, TrainingSession } from "../src/index.js";
import { backend } from "./backend.js";

/** One of two numbers is pulled towards the other, which stays; a counter goes on. */
function programOf(trained: "a" | "b") {
  const graph = createGraph();
  const [a, b] = [graph.parameter("a", "float32", [2]), graph.parameter("b", "float32", [2])];
  const steps = graph.parameter("steps", "float32", []);
  const error = ops.sub(a, b);
  return compileTraining({
    loss: ops.reduceSum(ops.mul(error, error)),
    optimizer: sgd({ momentum: 0 }),
    parameters: [trained === "a" ? a : b],
    buffers: [{ input: steps, next: ops.add(steps, 1) }],
  });
}

const state = { a: Float32Array.of(0, 0), b: Float32Array.of(4, 8), steps: Float32Array.of(0) };

const open = (trained: "a" | "b") =>
  TrainingSession.create(programOf(trained), backend, { seed: 1, state, threads: 1 });

describe("programs that take turns", () => {
  it("adopt each other's values, trained, frozen and carried", async () => {
    const [first, second] = [await open("a"), await open("b")];
    await first.run({}, 0.25);
    second.adopt(first.state());
    await second.run({}, 0.25);
    first.adopt(second.state());
    expect([...first.state().a!]).toEqual([2, 4]);
    expect([...second.state().b!]).toEqual([3, 6]);
    expect((await first.run({}, 0.25)).loss).toBe(1 + 4);
    expect([...first.state().a!, first.state().steps![0]]).toEqual([2.5, 5, 3]);
    expect([first.step, second.step]).toEqual([2, 1]);
    await first.release();
    await second.release();
  });

  it("pass over what they do not have, and refuse what does not fit", async () => {
    const session = await open("a");
    session.adopt({ other: Float32Array.of(1) });
    expect([...session.state().a!]).toEqual([0, 0]);
    expect(() => session.adopt({ b: Float32Array.of(1) })).toThrow(expect.objectContaining({ code: "STATE_MISMATCH" }));
    await session.release();
  });

  it("take nothing over while a step is under way", async () => {
    const session = await open("a");
    const step = session.run({}, 0.25);
    expect(() => session.adopt(state)).toThrow(expect.objectContaining({ code: "SESSION_BUSY" }));
    await step;
    await session.release();
  });
});
