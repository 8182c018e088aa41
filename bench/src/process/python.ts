import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Measurement, Task } from "../row.js";
import { ENVIRONMENT, TIMEOUT } from "./environment.js";

const PYTHON = "/usr/bin/python3";
const run = promisify(execFile);

/**
 * Measures a script's trainer in a new Python process.
 * @param script gets the problem's path and the plan as JSON as arguments, and prints a `Measurement` as JSON
 * @param threads of one operator
 * @throws Error when the script fails
 */
export async function measureInPython(script: URL, task: Task, threads: number): Promise<Measurement> {
  const count = String(threads);
  const threadSettings = { OMP_NUM_THREADS: count, OPENBLAS_NUM_THREADS: count, MKL_NUM_THREADS: count };
  try {
    const { stdout } = await run(
      PYTHON,
      ["-B", fileURLToPath(script), task.problem, JSON.stringify({ ...task.plan, threads })],
      { env: { ...process.env, ...ENVIRONMENT, ...threadSettings }, timeout: TIMEOUT, killSignal: "SIGKILL" },
    );
    return JSON.parse(stdout) as Measurement;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return { absent: `there is no ${PYTHON}` };
    throw error;
  }
}
