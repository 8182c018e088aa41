import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { readRecipe } from "limbeck";
import type { RunRecord } from "./result.js";

const command = fileURLToPath(new URL("../../../packages/limbeck/bin/limbeck.js", import.meta.url));
const INTERRUPTED = 130;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Somebody stopped the run: so is the shelf. */
export class Stopped extends Error {}

/**
 * Runs a recipe to its end, or goes on where an earlier call was stopped; one that is done is left alone.
 * @throws Stopped by a signal; Error where it ended badly, or the folder holds another recipe's run
 */
export async function runRecipe(recipe: string, folder: string): Promise<RunRecord> {
  const record = recordOf(folder);
  if (record && !isDeepStrictEqual(readRecipe(join(folder, "recipe.yaml")), readRecipe(recipe))) {
    throw new Error(`${recipe} was changed since ${folder} was made: delete that folder, or name another with --out`);
  }
  if (record?.status !== "done") await limbeck(record ? ["resume", folder] : ["run", recipe, "--out", folder]);
  return recordOf(folder)!;
}

function recordOf(folder: string): RunRecord | undefined {
  const path = join(folder, "run.json");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as RunRecord) : undefined;
}

/** Shows the command's own progress on standard error. A terminal sends Ctrl-C to both; other signals are passed on. */
function limbeck(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [command, ...args], { stdio: ["inherit", 2, 2] });
  const pass = (signal: NodeJS.Signals) => {
    if (signal !== "SIGINT") child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, pass);
  return new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0) resolve();
      else if (code === INTERRUPTED || signal) reject(new Stopped(`${args[0]} was stopped`));
      else reject(new Error(`limbeck ${args[0]} ended with ${code}`));
    });
  }).finally(() => {
    for (const signal of SIGNALS) process.off(signal, pass);
  });
}
