import { CHECKED_STEPS, type Plan, type Sample } from "../row.js";
import { median } from "../statistics.js";
import type { Trainer } from "./trainer.js";

/**
 * First steps for the comparison of losses, warm-up, timed steps.
 * @throws Error when the training has diverged, since numbers that are none take another time
 */
export async function timeSteps(trainer: Trainer, plan: Plan): Promise<Pick<Sample, "value" | "steps" | "losses">> {
  let index = 0;
  let loss = 0;
  const step = async () => {
    loss = await trainer.step(index++);
    return loss;
  };
  const losses: number[] = [];
  while (losses.length < CHECKED_STEPS) losses.push(await step());
  const warm = performance.now() + plan.warmupSeconds * 1000;
  do await step();
  while (performance.now() < warm);
  const times = await timed(step, plan);
  if (!Number.isFinite(loss)) throw new Error(`the loss is ${loss} after ${index} steps`);
  return { value: median(times), steps: times.length, losses };
}

async function timed(step: () => Promise<number>, { seconds, minSteps, maxSteps }: Plan): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (times.length < maxSteps && (times.length < minSteps || performance.now() < end)) {
    const start = performance.now();
    await step();
    times.push(performance.now() - start);
  }
  return times;
}
