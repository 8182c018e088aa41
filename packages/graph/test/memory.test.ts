import { expect, it } from "vitest";
import { compileTraining, createGraph, ops, sgd, TrainingSession } from "../src/index.js";
import { backend, inBrowser } from "./backend.js";

const WARM_UP = 20;
const STEPS = 100;
/** Of parameter and slot together; all steps make 20 times what may be left over. */
const STATE_BYTES = 4e6;
const ALLOWED_BYTES = 2e7;

/** Bytes that WebAssembly took from here on: its memory never shrinks, so that every leak makes it grow. */
function countGrowth(): () => number {
  let pages = 0;
  const { grow } = WebAssembly.Memory.prototype;
  WebAssembly.Memory.prototype.grow = function (delta) {
    pages += delta;
    return grow.call(this, delta);
  };
  return () => pages * 65_536;
}

it.runIf(inBrowser)("steps leave nothing behind in WebAssembly's memory (skipped in Node)", async () => {
  const graph = createGraph();
  const weight = graph.parameter("weight", "float32", [STATE_BYTES / 8]);
  const program = compileTraining({ loss: ops.reduceMean(weight), optimizer: sgd({ momentum: 0.9 }) });
  const grown = countGrowth();
  const state = { weight: new Float32Array(STATE_BYTES / 8) };
  const session = await TrainingSession.create(program, backend, { seed: 1, state });
  for (let step = 0; step < WARM_UP; step++) await session.run({}, 0.1);
  const before = grown();
  expect(before).toBeGreaterThan(STATE_BYTES);
  for (let step = 0; step < STEPS; step++) await session.run({}, 0.1);
  expect(grown() - before).toBeLessThan(ALLOWED_BYTES);
  await session.release();
});
