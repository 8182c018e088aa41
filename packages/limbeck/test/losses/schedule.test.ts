import { describe, expect, it } from "vitest";
import { type TermSchedule, termFactor, trainingProgress } from "../../src/losses/schedule.js";

const LENGTH = { epochs: 12, stepsPerEpoch: 10 };

const factors = (schedule: TermSchedule, steps: readonly number[]) => steps.map(termFactor(schedule, LENGTH));

describe("schedules of terms", () => {
  it("constant", () => expect(factors({ kind: "constant" }, [0, 60, 119])).toEqual([1, 1, 1]));

  it("warm-up climbs linearly, over a twelfth of the training by default", () => {
    expect(factors({ kind: "warm-up" }, [0, 4, 9, 10, 119])).toEqual([0.1, 0.5, 1, 1, 1]);
    expect(factors({ kind: "warm-up", epochs: 2 }, [0, 9, 19, 20])).toEqual([0.05, 0.5, 1, 1]);
  });

  it("warm-up shorter than a step does nothing", () => {
    expect(factors({ kind: "warm-up", epochs: 0.01 }, [0, 1])).toEqual([1, 1]);
  });

  it("ramp follows exp(-5 (1 - t)²)", () => {
    const [first, half, full, last] = factors({ kind: "ramp", epochs: 4 }, [0, 19, 39, 119]);
    expect(first).toBeCloseTo(Math.exp(-5 * 0.975 ** 2), 12);
    expect(half).toBeCloseTo(Math.exp(-1.25), 12);
    expect([full, last]).toEqual([1, 1]);
  });

  it("cosine decay starts at 1 and ends where it should", () => {
    const [first, last] = factors({ kind: "cosine-decay", to: 0.01 }, [0, 119]);
    expect(first).toBe(1);
    expect(last).toBeCloseTo(0.01, 12);
    expect(factors({ kind: "cosine-decay" }, [119])[0]).toBeCloseTo(0, 12);
    const all = factors(
      { kind: "cosine-decay" },
      Array.from({ length: 120 }, (_, step) => step),
    );
    expect(all).toEqual([...all].sort((a, b) => b - a));
  });

  it("training of one step", () => {
    const one = { epochs: 1, stepsPerEpoch: 1 };
    for (const kind of ["constant", "warm-up", "ramp", "cosine-decay"] as const) {
      expect(termFactor({ kind }, one)(0), kind).toBe(1);
    }
  });
});

it("progress of a training is the running epoch, as a share of all", () => {
  const progress = trainingProgress({ epochs: 4, stepsPerEpoch: 3 });
  expect([0, 2, 3, 9, 11].map(progress)).toEqual([0.25, 0.25, 0.5, 1, 1]);
});
