import { expect, it } from "vitest";
import { start as startOurs } from "../src/ours/mlp.js";
import { start as startJax } from "../src/peers/jax-js-mlp.js";
import { mlpProblem } from "../src/problems/mlp.js";
import { type Trainer, Unavailable } from "../src/process/trainer.js";

const problem = mlpProblem({ sizes: [6, 8, 7, 4], batch: 5, batches: 2, seed: 3 });

async function losses(trainer: Trainer, steps: number): Promise<number[]> {
  const found: number[] = [];
  for (let index = 0; index < steps; index++) found.push(await trainer.step(index));
  return found;
}

async function jaxOrReason(): Promise<Trainer | string> {
  try {
    return await startJax(problem);
  } catch (error) {
    if (error instanceof Unavailable) return error.message;
    throw error;
  }
}

it("jax-js and we compute the same losses of a tiny network, over many steps", async ({ skip }) => {
  const jax = await jaxOrReason();
  if (typeof jax === "string") return skip(jax);
  const theirs = await losses(jax, 12);
  const ours = await losses(await startOurs(problem), 12);
  expect(new Set(ours).size).toBe(12);
  theirs.forEach((loss, step) => {
    expect(Math.abs(loss - ours[step]!) / ours[step]!, `step ${step}`).toBeLessThan(2e-4);
  });
});
