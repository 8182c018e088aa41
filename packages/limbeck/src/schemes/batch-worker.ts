/** A thread that makes batches while another one trains. */
import { parentPort, workerData } from "node:worker_threads";
import { type Batch, BatchMaker } from "./batch-maker.js";
import { type BatchAnswer, type BatchRequest, buffersOf, receive, type SentFacts } from "./batch-message.js";

const port = parentPort!;
const maker = new BatchMaker(receive(workerData as SentFacts));

port.on("message", ({ step, arrays }: BatchRequest) => {
  const batch = made(step, arrays);
  const answer: BatchAnswer = { step, batch };
  port.postMessage(answer, batch ? buffersOf(batch) : []);
});

/** What goes wrong here goes wrong again where the batch is made instead, and is told there. */
function made(step: number, arrays: Batch | undefined): Batch | undefined {
  try {
    return copied(maker.make(step), arrays);
  } catch {
    return undefined;
  }
}

function copied(batch: Batch, into: Batch | undefined): Batch {
  if (!into) return Object.fromEntries(Object.entries(batch).map(([name, array]) => [name, array.slice()])) as Batch;
  for (const [name, array] of Object.entries(batch)) (into[name] as Float32Array).set(array as Float32Array);
  return into;
}
