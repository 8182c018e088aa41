import { readFileSync } from "node:fs";

/**
 * Peak resident memory of this process so far, in bytes. Linux keeps the parent's peak in `maxRSS` across exec; VmHWM is
 * this process's own.
 */
export function peakMemoryBytes(): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // Not Linux: the portable figure is right there.
  }
  return process.resourceUsage().maxRSS * 1024;
}
