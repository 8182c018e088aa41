import { readFileSync } from "node:fs";

/** This process's largest resident memory. Linux keeps the parent's peak in `maxRSS` across exec; VmHWM is our own. */
export function peakBytes(): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // Not Linux: the portable figure is right there.
  }
  return process.resourceUsage().maxRSS * 1024;
}
