import { describe, expect, it } from "vitest";
import { readProblem } from "../src/process/tensor-file.js";
import type { Measurement, Plan, Row, Sample, Task } from "../src/row.js";
import { runRow } from "../src/run.js";

const PLAN: Plan = { warmupSeconds: 0, seconds: 0, minSteps: 1, maxSteps: 1 };
const LOSSES = [2.7, 2.6, 2.5];

/** A contender that answers with values that were given beforehand; the first is that of the check. */
function contender(name: string, values: readonly number[], turns: string[], losses = LOSSES) {
  let turn = 0;
  return async (task: Task): Promise<Sample> => {
    expect(readProblem(task.problem).settings).toEqual({ answer: 42 });
    turns.push(name);
    return { value: values[turn++]!, steps: 1, losses, peakBytes: 1000 * turn, about: name };
  };
}

function row(turns: string[], peers: Record<string, (task: Task) => Promise<Measurement>>): Row {
  return {
    name: "fake",
    description: "nothing",
    unit: "ms",
    problem: () => ({ tensors: {}, settings: { answer: 42 } }),
    ours: contender("ours", [0, 10, 30, 20], turns),
    peers: Object.entries(peers).map(([name, measure]) => ({ name, measure })),
  };
}

const run = (it: Row, lines: string[] = []) => runRow(it, { rounds: 3, plan: PLAN, log: (line) => lines.push(line) });

describe("a row", () => {
  it("lets all contenders take turns and reports medians of their rounds", async () => {
    const turns: string[] = [];
    const result = await run(row(turns, { peer: contender("peer", [0, 60, 50, 40], turns) }));
    expect(turns).toEqual(["ours", "peer", "ours", "peer", "ours", "peer", "ours", "peer"]);
    expect(result).toEqual({
      name: "fake",
      unit: "ms",
      ours: { name: "ours", value: 20, rounds: [10, 30, 20], peakBytes: 4000, about: "ours" },
      peers: [{ name: "peer", value: 50, rounds: [60, 50, 40], peakBytes: 4000, about: "peer" }],
    });
  });

  it("goes on without a peer that is not here, and says why", async () => {
    const lines: string[] = [];
    const result = await run(row([], { gone: async () => ({ absent: "not installed" }) }), lines);
    expect(result.peers).toEqual([{ name: "gone", absent: "not installed" }]);
    expect(lines).toContain("fake: gone is absent: not installed");
  });

  it("times nothing when a peer computes something else", async () => {
    const turns: string[] = [];
    const peer = contender("peer", [0], turns, [2.7, 2.6, 2.51]);
    await expect(run(row(turns, { peer }))).rejects.toThrow(/peer does not compute what we compute/);
    expect(turns).toEqual(["ours", "peer"]);
  });

  it.each([[[2.7, 2.6]], [[2.7, 2.6, Number.NaN]]])("does not take %s for agreement", async (losses) => {
    await expect(run(row([], { peer: contender("peer", [0], [], losses) }))).rejects.toThrow(/does not compute/);
  });

  it("lets losses differ by rounding", async () => {
    const peer = contender("peer", [0, 1, 1, 1], [], [2.7, 2.6, 2.5001]);
    await expect(run(row([], { peer }))).resolves.toBeDefined();
  });
});
