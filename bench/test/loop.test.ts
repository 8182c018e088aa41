import { describe, expect, it } from "vitest";
import { timeSteps } from "../src/process/loop.js";
import type { Trainer } from "../src/process/trainer.js";

/** A trainer that notes its steps; its losses are 100, 101, 102 … */
function counter(steps: number[], loss = (index: number) => 100 + index): Trainer {
  return {
    about: "counter",
    step: async (index) => {
      steps.push(index);
      return loss(index);
    },
  };
}

describe("the clock", () => {
  it("reports the first three losses and times the steps that come after the warm-up", async () => {
    const steps: number[] = [];
    const timing = await timeSteps(counter(steps), { warmupSeconds: 0, seconds: 0, minSteps: 5, maxSteps: 9 });
    expect(timing.losses).toEqual([100, 101, 102]);
    expect(timing.steps).toBe(5);
    expect(steps).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("stops after the greatest number of steps", async () => {
    const timing = await timeSteps(counter([]), { warmupSeconds: 0, seconds: 60, minSteps: 1, maxSteps: 7 });
    expect(timing.steps).toBe(7);
  });

  it("gives no figures for a training that has diverged", async () => {
    const diverging = counter([], (index) => (index < 5 ? 1 : Number.NaN));
    const plan = { warmupSeconds: 0, seconds: 0, minSteps: 3, maxSteps: 3 };
    await expect(timeSteps(diverging, plan)).rejects.toThrow("the loss is NaN after 7 steps");
  });
});
