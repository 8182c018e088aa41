/** A process of its own for one contender: told a module and a task, it measures, answers and ends. */

import { timeSteps } from "./process/loop.js";
import { peakBytes } from "./process/memory.js";
import type { ChildMessage, ParentMessage } from "./process/messages.js";
import { readProblem } from "./process/tensor-file.js";
import { type TrainerModule, Unavailable } from "./process/trainer.js";
import type { Measurement } from "./row.js";

async function measure({ module, task }: ParentMessage): Promise<Measurement> {
  const { start } = (await import(module)) as TrainerModule;
  try {
    const trainer = await start(readProblem(task.problem));
    // What the problem's file left behind is not the contender's.
    globalThis.gc?.();
    const timing = await timeSteps(trainer, task.plan);
    return { ...timing, peakBytes: peakBytes(), about: trainer.about };
  } catch (error) {
    if (error instanceof Unavailable) return { absent: error.message };
    throw error;
  }
}

function answer(message: ChildMessage): void {
  process.send!(message, () => process.exit(0));
}

process.once("message", (message: ParentMessage) => {
  measure(message).then(
    (measurement) => answer({ measurement }),
    (error: unknown) => answer({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
process.once("disconnect", () => process.exit(1));
