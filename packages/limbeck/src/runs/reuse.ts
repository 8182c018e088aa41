import { relative } from "node:path";
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

/** A result of another run that this one has now. */
interface TakenOver {
  readonly origin: WorkOrigin;
  /** The learning curve, as this run's own events. */
  readonly curve: readonly EpochEvent[];
}

/** Copies a result from a run that has it, where this run may and there is one. */
export function takeOver({ folder, work }: RunContext, { key, phase, path }: SharedWork): TakenOver | undefined {
  const found = folder.readRun().reuse ? work.find(key) : undefined;
  if (!found) return undefined;
  const { holder, bytes } = found;
  writeFileAtomic(path, bytes);
  const curve = new RunFolder(holder.run).epochs().get(holder.phase) ?? [];
  return { origin: holder.origin, curve: curve.map((epoch) => ({ ...epoch, phase })) };
}

/**
 * Offers a result that this run now has to others.
 * @param how whose it was, or the seconds that it took here
 * @returns the event that says so
 */
export function share(context: RunContext, { key, phase, path }: SharedWork, how: TakenOver | number): PhaseEnd {
  const { folder, work } = context;
  const run = folder.path;
  const origin: WorkOrigin =
    typeof how === "number"
      ? { run, phase, finishedAt: new Date().toISOString(), seconds: how, peakMemoryBytes: peakMemoryBytes() }
      : how.origin;
  work.offer(key, { run, phase, file: relative(run, path), sha256: sha256(readBytes(path)), origin });
  const { seconds } = origin;
  const end: PhaseEnd = { type: "phase-end", phase, seconds, reused: false, peakMemoryBytes: origin.peakMemoryBytes };
  return typeof how === "number" ? end : { ...end, reused: true, from: origin };
}
