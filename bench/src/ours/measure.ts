import { measureInNode } from "../process/node.js";
import { isAbsent, type Sample, type Task } from "../row.js";

/**
 * Measures one of our trainers.
 * @param module exports what a `TrainerModule` does
 * @throws Error when it cannot run here, since there is nothing to compare with then
 */
export async function measureOurs(module: URL, task: Task): Promise<Sample> {
  const measured = await measureInNode(module, task);
  if (isAbsent(measured)) throw new Error(`our own ${module.href} cannot run here: ${measured.absent}`);
  return measured;
}
