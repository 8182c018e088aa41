import { rmSync } from "node:fs";
import { relative } from "node:path";
import { LimbeckError } from "../support/errors.js";
import { readBytes, writeFileAtomic } from "../support/files.js";
import { sha256 } from "../support/hash.js";
import { peakMemoryBytes } from "../support/peak-memory.js";
import type { EpochEvent } from "../train/events.js";
import type { RunContext } from "./context.js";
import type { PhaseEnd } from "./events.js";
import type { WorkOrigin } from "./finished-work.js";
import { RunFolder } from "./folder.js";

/** Work whose result may be shared between runs. */
interface SharedWork {
  readonly key: string;
  readonly phase: string;
  /** Where this run keeps the result. */
  readonly path: string;
}

/** What some work took: see {@link WorkOrigin}. */
type Effort = Pick<WorkOrigin, "seconds" | "waited">;

/** A result of another run that this one has now. */
interface TakenOver<Result> {
  readonly result: Result;
  readonly origin: WorkOrigin;
  /** The learning curve, as this run's own events. */
  readonly curve: readonly EpochEvent[];
}

/**
 * Copies a result from a run that has it, where this run may and there is one.
 * @param read reads it from this run's file; what is not sound is left alone
 */
export function takeOver<Result>(
  { folder, work }: RunContext,
  { key, phase, path }: SharedWork,
  read: () => Result | undefined,
): TakenOver<Result> | undefined {
  const found = folder.readRun().reuse ? work.find(key) : undefined;
  if (!found) return undefined;
  const { holder, bytes } = found;
  writeFileAtomic(path, bytes);
  const result = soundOrNothing(read);
  if (result === undefined) {
    rmSync(path, { force: true });
    return undefined;
  }
  const curve = new RunFolder(holder.run).epochs().get(holder.phase) ?? [];
  return { result, origin: holder.origin, curve: curve.map((epoch) => ({ ...epoch, phase })) };
}

function soundOrNothing<Result>(read: () => Result | undefined): Result | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof LimbeckError) return undefined;
    throw error;
  }
}

/**
 * Offers a result that this run now has to others.
 * @param how whose it was, or what it took here
 * @returns the event that says so
 */
export function share(
  context: RunContext,
  { key, phase, path }: SharedWork,
  how: TakenOver<unknown> | Effort,
): PhaseEnd {
  const { folder, work } = context;
  const run = folder.path;
  const origin: WorkOrigin =
    "origin" in how
      ? how.origin
      : { run, phase, finishedAt: new Date().toISOString(), ...how, peakMemoryBytes: peakMemoryBytes() };
  work.offer(key, { run, phase, file: relative(run, path), sha256: sha256(readBytes(path)), origin });
  const { seconds, waited, peakMemoryBytes: peak } = origin;
  const time = { seconds, ...(waited === undefined ? {} : { waited }) };
  const end: PhaseEnd = { type: "phase-end", phase, ...time, reused: false, peakMemoryBytes: peak };
  return "origin" in how ? { ...end, reused: true, from: origin } : end;
}
