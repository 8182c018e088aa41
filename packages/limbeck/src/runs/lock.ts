import { randomBytes } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { LimbeckError, toFileError } from "../support/errors.js";

/** Who holds a folder. A process number alone means nothing on another machine, or once it is given away again. */
interface Holder {
  readonly pid: number;
  /** When the process began, as the system counts; "" where it does not say. */
  readonly began: string;
  readonly host: string;
  readonly token: string;
}

/** How long a new process waits for one that is just ending, in milliseconds. */
const PATIENCE = 5000;
const POLL = 100;

/**
 * Claims a folder for this process.
 * @returns gives it back
 * @throws LimbeckError RUN_BUSY when another living process holds it
 */
export async function acquireLock(path: string): Promise<() => void> {
  const token = randomBytes(8).toString("hex");
  const mine: Holder = { pid: process.pid, began: beginningOf(process.pid), host: hostname(), token };
  const draft = `${path}.${token}.tmp`;
  try {
    writeFileSync(draft, JSON.stringify(mine));
    const deadline = Date.now() + PATIENCE;
    while (!tryLink(draft, path)) {
      const holder = readHolder(path);
      if (holder && isAlive(holder)) {
        if (Date.now() > deadline) throw busy(path, holder);
        await sleep(POLL);
      } else removeStale(path, holder, token);
    }
  } catch (error) {
    throw toFileError(error, path);
  } finally {
    rmSync(draft, { force: true });
  }
  return () => {
    if (readHolder(path)?.token === token) rmSync(path, { force: true });
  };
}

/** A link appears whole or not at all, and only where there is none. */
function tryLink(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Of several processes that find a lock stale, one moves it away; if it was a new one by then, it is put back. */
function removeStale(path: string, stale: Holder | undefined, token: string): void {
  const aside = `${path}.${token}.stale.tmp`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if (readHolder(aside)?.token !== stale?.token) tryLink(aside, path);
  rmSync(aside, { force: true });
}

function readHolder(path: string): Holder | undefined {
  try {
    const holder: Holder = JSON.parse(readFileSync(path, "utf8"));
    return typeof holder.pid === "number" ? holder : undefined;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, began, host }: Holder): boolean {
  if (pid === process.pid || host !== hostname()) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  return began === beginningOf(pid);
}

/** The process's start time and the system's boot, as Linux tells them. */
function beginningOf(pid: number): string {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
    return `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}:${fields[19]}`;
  } catch {
    return "";
  }
}

function busy(path: string, { pid }: Holder): LimbeckError {
  return new LimbeckError("RUN_BUSY", `process ${pid} is working in this run folder`, {
    where: path,
    value: pid,
    fix: `Wait for it, or stop it. If there is no such process, delete ${path}.`,
  });
}
