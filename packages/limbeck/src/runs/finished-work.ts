import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { LimbeckError } from "../support/errors.js";
import { readBytes, writeFileAtomic } from "../support/files.js";
import { sha256 } from "../support/hash.js";
import { readJson } from "../support/json.js";

export const workOriginSchema = z.strictObject({
  /** Folder of the run that did the work. */
  run: z.string(),
  phase: z.string(),
  finishedAt: z.string(),
  /** What the work took then. */
  seconds: z.number(),
  /** Seconds of it in which the engine waited for samples; missing where it was no training on samples. */
  waited: z.number().optional(),
  /** Peak resident memory of the process that did it. */
  peakMemoryBytes: z.number(),
});

/** Who did some work, when, and what it took. */
export type WorkOrigin = z.infer<typeof workOriginSchema>;

const holderSchema = z.strictObject({
  /** Folder of a run that has the result, whether it did the work or took it over. */
  run: z.string(),
  phase: z.string(),
  /** Path of the result in that folder. */
  file: z.string(),
  sha256: z.string(),
  origin: workOriginSchema,
});

/** A run that has the result of some work. */
export type WorkHolder = z.infer<typeof holderSchema>;

/**
 * Which runs hold what is already computed, by a key made of all that the result depends on. The results stay in the run
 * folders; here is only who has them, one small file for each holder, `<folder>/<key>/<holder>.json`, so that processes
 * never write the same file. A holder that is gone or was changed is forgotten.
 */
export class FinishedWork {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Tells later runs of a result that is on disk. A cache that cannot be written must not stop a run. */
  offer(key: string, holder: WorkHolder): void {
    try {
      writeFileAtomic(this.#path(key, holder.run), `${JSON.stringify(holder, null, 2)}\n`);
    } catch (error) {
      if (!(error instanceof LimbeckError)) throw error;
    }
  }

  /** A result, whole as it was written, and who has it. */
  find(key: string): { holder: WorkHolder; bytes: Uint8Array } | undefined {
    for (const name of this.#names(key)) {
      const path = join(this.#folder, key, name);
      try {
        const holder = holderSchema.parse(readJson(path));
        const bytes = readBytes(join(holder.run, holder.file));
        if (sha256(bytes) === holder.sha256) return { holder, bytes };
      } catch (error) {
        if (!(error instanceof LimbeckError || error instanceof z.ZodError)) throw error;
      }
      forget(path);
    }
    return undefined;
  }

  #names(key: string): string[] {
    try {
      return readdirSync(join(this.#folder, key)).filter((name) => name.endsWith(".json"));
    } catch {
      return [];
    }
  }

  #path(key: string, run: string): string {
    return join(this.#folder, key, `${sha256(run).slice(0, 16)}.json`);
  }
}

function forget(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // A cache that cannot be written is read all the same.
  }
}
