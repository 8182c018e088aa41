import type { SearchLimits } from "../../evaluate/search-results.js";

/** Why a student is too large or too slow; null where it is not. */
export function excess(
  { bytes, latencyMs }: { readonly bytes: number; readonly latencyMs: number },
  { maxBytes = Number.POSITIVE_INFINITY, maxLatencyMs = Number.POSITIVE_INFINITY }: SearchLimits,
): "too large" | "too slow" | null {
  if (bytes > maxBytes) return "too large";
  return latencyMs > maxLatencyMs ? "too slow" : null;
}
