import { dataAtCommits } from "../runs/pinned-data.js";
import { Interrupted } from "../train/events.js";
import { modelFeeds } from "./feeds.js";
import type { FinishedRun } from "./finished-run.js";
import { exportedModel } from "./model.js";
import type { ExportOptions } from "./options.js";
import type { Files } from "./output.js";
import type { Variant } from "./variants/variant.js";

/** The student in all forms that were asked for. */
export async function modelFiles(
  { recipe, run, samples, student }: Omit<FinishedRun, "results">,
  variants: readonly Variant[],
  { signal }: Pick<ExportOptions, "signal">,
): Promise<Map<string, string | Uint8Array>> {
  const model = await exportedModel(student, samples);
  const files = new Map<string, string | Uint8Array>();
  const read = dataAtCommits(recipe, run.commits);
  const feeds = (count: number) => modelFeeds(read, count, signal ?? new AbortController().signal);
  for (const variant of variants) {
    files.set(variant.file, await variant.make({ model, samples, feeds }));
    if (signal?.aborted) throw new Interrupted();
  }
  return files;
}

export const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

export function sizesOf(files: Files): Record<string, number> {
  return Object.fromEntries([...files].map(([name, content]) => [name, Buffer.byteLength(content)]));
}
