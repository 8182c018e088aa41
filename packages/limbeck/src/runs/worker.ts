/** The working process of a run: ONNX Runtime blocks its thread, so that the process that shows progress is another. */
import type { ParentMessage, WorkerMessage } from "./protocol.js";

const controller = new AbortController();

// The parent decides when to stop; a terminal sends Ctrl-C to both. Being told to end, or to be alone, is to stop.
process.on("SIGINT", () => {});
for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => controller.abort());
process.on("disconnect", () => controller.abort());
process.on("message", (message: ParentMessage) => {
  if (message.kind === "stop") controller.abort();
  else void start(message);
});

function send(message: WorkerMessage): void {
  if (process.connected) process.send!(message, () => {});
}

async function start({ runDir, checkpointSeconds }: ParentMessage & { kind: "start" }): Promise<void> {
  // Signals are listened to before anything slow is loaded.
  const [{ TypedError }, { toErrorRecord }, { executeRun }, { RunFolder }] = await Promise.all([
    import("@limbeck/graph"),
    import("../support/errors.js"),
    import("./execute.js"),
    import("./folder.js"),
  ]);
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
