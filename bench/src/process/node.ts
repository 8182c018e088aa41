import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { nodeFlags } from "@limbeck/graph/node-flags";
import type { Measurement, Task } from "../row.js";
import { ENVIRONMENT, TIMEOUT } from "./environment.js";
import type { ChildMessage, ParentMessage } from "./messages.js";

const contender = fileURLToPath(new URL("../contender.js", import.meta.url));

/**
 * Measures a module's trainer in a new Node process.
 * @param module exports what a `TrainerModule` does
 * @param preload a module that is imported before anything else
 * @throws Error when the process fails or dies
 */
export async function measureInNode(module: URL, task: Task, preload?: URL): Promise<Measurement> {
  const child = fork(contender, {
    env: { ...process.env, ...ENVIRONMENT },
    // Standard output is for the results alone.
    stdio: ["ignore", 2, 2, "ipc"],
    execArgv: ["--expose-gc", ...nodeFlags, ...(preload ? ["--import", preload.href] : [])],
    timeout: TIMEOUT,
    killSignal: "SIGKILL",
  });
  const ended = once(child, "close");
  let answer: ChildMessage | undefined;
  child.on("message", (message: ChildMessage) => {
    answer = message;
  });
  child.send({ module: module.href, task } satisfies ParentMessage, () => {});
  await ended;
  if (!answer) throw new Error(`${module.href} died (${child.signalCode ?? `exit code ${child.exitCode}`})`);
  if ("failure" in answer) throw new Error(`${module.href} failed: ${answer.failure}`);
  return answer.measurement;
}
