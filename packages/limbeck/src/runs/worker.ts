/** The working process of a run: ONNX Runtime blocks its thread, so that the process that shows progress is another. */
import type { FunctionAnswer } from "../teachers/black-box/function.js";
import type { Question } from "../teachers/black-box/source.js";
import type { ParentMessage, WorkerMessage } from "./protocol.js";

const controller = new AbortController();

// The parent decides when to stop; a terminal sends Ctrl-C to both. Being told to end, or to be alone, is to stop.
process.on("SIGINT", () => {});
for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => controller.abort());
process.on("disconnect", () => controller.abort());
process.on("message", (message: ParentMessage) => {
  if (message.kind === "stop") controller.abort();
  else if (message.kind === "start") void start(message);
  else settle(message);
});

/** Questions to a function of the process that started the run, which have not been answered yet. */
const open = new Map<number, { resolve(answer: FunctionAnswer): void; reject(error: Error): void }>();
let asked = 0;

function ask(question: Question): Promise<FunctionAnswer> {
  const id = asked++;
  return new Promise((resolve, reject) => {
    open.set(id, { resolve, reject });
    send({ kind: "ask", id, question });
  });
}

function settle(message: Extract<ParentMessage, { id: number }>): void {
  const question = open.get(message.id);
  open.delete(message.id);
  if (message.kind === "answer") question?.resolve(message.answer);
  else question?.reject(new Error(message.message));
}

function send(message: WorkerMessage): void {
  if (process.connected) process.send!(message, () => {});
}

async function start({ runDir, checkpointSeconds, hasTeacher }: ParentMessage & { kind: "start" }): Promise<void> {
  // Signals are listened to before anything slow is loaded.
  const [{ TypedError }, { toErrorRecord }, { executeRun }, { RunFolder }] = await Promise.all([
    import("@limbeck/graph"),
    import("../support/errors.js"),
    import("./execute.js"),
    import("./folder.js"),
  ]);
  const { signal } = controller;
  try {
    const teacher = hasTeacher ? { teacherFunction: ask } : {};
    const options = { signal, ...teacher, ...(checkpointSeconds === undefined ? {} : { checkpointSeconds }) };
    for await (const event of executeRun(RunFolder.open(runDir), options)) send({ kind: "event", event });
  } catch (error) {
    if (error instanceof TypedError) send({ kind: "error", error: toErrorRecord(error) });
    else send({ kind: "crash", message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
  if (process.connected) process.disconnect();
}
