import { availableParallelism, cpus, loadavg } from "node:os";

/** Load per thread from which figures are not to be trusted. */
const BUSY = 0.5;
const WARNING =
  "The machine was busy: all figures are too high, those with several threads most. Run again when it is idle.";

/** A line about what the figures were measured on, and a warning where others were at work when the run began. */
export function describeMachine(): string {
  const cpu = cpus()[0]?.model.trim() ?? "unknown CPU";
  const threads = availableParallelism();
  const load = loadavg()[0]!;
  const machine = `${cpu}, ${threads} threads, ${process.platform} ${process.arch}, Node ${process.versions.node}`;
  return [`${machine}, load ${load.toFixed(1)} at the start`, ...(load > BUSY * threads ? [WARNING] : [])].join("\n");
}
