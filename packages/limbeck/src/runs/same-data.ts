import { LimbeckError } from "../support/errors.js";
import type { RunFolder } from "./folder.js";
import { fingerprint, type RunSamples } from "./samples.js";

/**
 * A run's samples must be those that it began with.
 * @returns their SHA-256
 * @throws LimbeckError RUN_INVALID
 */
export function requireSameData(folder: RunFolder, samples: RunSamples): string {
  const dataSha256 = fingerprint(samples);
  const known = folder.readRun().dataSha256;
  if (known === undefined || known === dataSha256) return dataSha256;
  throw new LimbeckError("RUN_INVALID", `${samples.source} holds other data than when the run began`, {
    where: folder.path,
    value: dataSha256,
    fix: "Bring the old data back, or begin a new run.",
  });
}
