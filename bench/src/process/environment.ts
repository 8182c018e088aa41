/**
 * What is set in every contender's environment, Python's too. It is what Limbeck sets for its own training processes:
 * without it glibc gives big buffers back to the system and takes them anew at every step.
 */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  MALLOC_MMAP_THRESHOLD_: "4294967296",
  MALLOC_TOP_PAD_: "268435456",
  MALLOC_TRIM_THRESHOLD_: "8589934592",
};

/** Milliseconds after which a contender is taken to hang. */
export const TIMEOUT = 600_000;
