/** The working process of a run: ONNX Runtime blocks its thread, so that the process that shows progress is another. */
import { TypedError } from "@limbeck/graph";
import { toErrorRecord } from "../support/errors.js";
import { executeRun } from "./execute.js";
import { RunFolder } from "./folder.js";
import type { ParentMessage, WorkerMessage } from "./protocol.js";

const controller = new AbortController();

function send(message: WorkerMessage): void {
  if (process.connected) process.send!(message);
}

async function start({ runDir, checkpointSeconds }: ParentMessage & { kind: "start" }): Promise<void> {
  const { signal } = controller;
  try {
    const options = checkpointSeconds === undefined ? { signal } : { signal, checkpointSeconds };
    for await (const event of executeRun(RunFolder.open(runDir), options)) send({ kind: "event", event });
  } catch (error) {
    if (error instanceof TypedError) send({ kind: "error", error: toErrorRecord(error) });
    else send({ kind: "crash", message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
  if (process.connected) process.disconnect();
}

process.on("message", (message: ParentMessage) => {
  if (message.kind === "stop") controller.abort();
  else void start(message);
});
// The parent decides when to stop; a terminal sends Ctrl-C to both. Without a parent, nobody waits for the result.
process.on("SIGINT", () => {});
process.on("disconnect", () => controller.abort());
