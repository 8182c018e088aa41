import { availableParallelism } from "node:os";
import { measureInPython } from "../process/python.js";
import { isAbsent, type Measurement, type Peer, type Task } from "../row.js";

/**
 * PyTorch on the CPU, where Python can import it: each time the better of one thread and all, since small operators
 * often run faster in one.
 * @param script as `measureInPython` wants it
 */
export function pytorch(script: URL): Peer {
  return { name: "pytorch", measure: (task) => bestOfThreads(script, task) };
}

async function bestOfThreads(script: URL, task: Task): Promise<Measurement> {
  const single = await measureInPython(script, task, 1);
  const all = availableParallelism();
  if (isAbsent(single) || all === 1) return single;
  const many = await measureInPython(script, task, all);
  return isAbsent(many) || single.value <= many.value ? single : many;
}
