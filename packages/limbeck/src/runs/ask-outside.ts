import { createHash } from "node:crypto";
import type { Split } from "../data/dataset.js";
import { hashSamples } from "../data/samples/samples.js";
import { Rate, Timer } from "../support/timer.js";
import { askBlackBox } from "../teachers/black-box/ask.js";
import type { BlackBox } from "../teachers/black-box/source.js";
import { Interrupted } from "../train/events.js";
import type { RunContext } from "./context.js";
import type { RunEvent } from "./events.js";

const PROGRESS_MS = 100;

interface AskingOutside {
  readonly box: BlackBox;
  readonly phase: string;
  readonly split: Split;
}

/** A black box's answers, [samples, classes] in the split's order; each is on disk as soon as it is there, and never asked for again. */
export async function* askOutside(
  { folder, signal }: RunContext,
  { box, phase, split }: AskingOutside,
): AsyncGenerator<RunEvent, Float32Array> {
  const { dataset, indices } = split;
  const hash = hashSamples(createHash("sha256").update(box.identity), dataset);
  const key = hash.digest("hex").slice(0, 32);
  const options = { journal: folder.file("cache", `asked-${key}.journal`), signal };
  const [rate, due] = [new Rate(), new Timer(PROGRESS_MS)];
  const asking = askBlackBox(box, split, options);
  try {
    for (;;) {
      const next = await asking.next();
      if (next.done) return next.value;
      const step = next.value;
      if (!due.rings() && step < indices.length) continue;
      yield { type: "progress", phase, step, totalSteps: indices.length, loss: null, stepsPerSecond: rate.at(step) };
    }
  } catch (error) {
    if (signal.aborted) throw new Interrupted("labelling was stopped");
    throw error;
  }
}
