import { expect, it } from "vitest";
import { toJson } from "../src/report/json.js";
import { describeMachine } from "../src/report/machine.js";
import { formatTable } from "../src/report/table.js";
import type { RowResult } from "../src/run.js";

const results: RowResult[] = [
  {
    name: "student-mlp",
    unit: "ms",
    ours: {
      name: "ours",
      value: 13.4567,
      rounds: [13.4567, 13.2, 15],
      peakBytes: 287e6,
      about: "runtime 1, 2 threads",
    },
    peers: [
      { name: "slow", value: 134.567, rounds: [134.567], peakBytes: 99.6e6, about: "slow 2" },
      { name: "quick", value: 9.87654, rounds: [9, 9.87654, 11], peakBytes: 1e9, about: "quick 3" },
      { name: "gone", absent: "no such program" },
    ],
  },
];

it("prints a line per row and peer, and what each contender is", () => {
  expect(`\n${formatTable(results)}`).toMatchInlineSnapshot(`
    "
    name         unit  ours  peer   its value  ratio   peak memory, ours / peer  rounds, ours / peer
    student-mlp  ms    13.5  slow   135        10.00x  287 / 100 MB              13.2-15.0 / 135-135
    student-mlp  ms    13.5  quick  9.88       0.73x   287 / 1000 MB             13.2-15.0 / 9.00-11.0
    student-mlp  ms    13.5  gone   -          -       287 / - MB                13.2-15.0 / -

    student-mlp, ours: runtime 1, 2 threads
    student-mlp, slow: slow 2
    student-mlp, quick: quick 3
    student-mlp, gone: - no such program"
  `);
});

it("gives machines an entry per row and peer that was there", () => {
  expect(toJson(results)).toEqual([
    { name: "student-mlp", unit: "ms", ours: 13.457, peer: "slow", peerValue: 134.567, ratio: 10 },
    { name: "student-mlp", unit: "ms", ours: 13.457, peer: "quick", peerValue: 9.877, ratio: 0.734 },
  ]);
});

it("names the machine", () => {
  expect(describeMachine()).toContain(`Node ${process.versions.node}`);
});
