import { relative } from "node:path";
import { type ExportResult, exportStudent } from "../export/export.js";
import type { ExportOptions } from "../export/options.js";
import { Interrupted } from "../train/events.js";
import { formatBytes, formatTable } from "./format.js";
import { EXIT } from "./run.js";
import { stopSignal } from "./stop.js";

interface ExportCommand extends Omit<ExportOptions, "push" | "signal"> {
  /** Repository of the hub. */
  readonly push?: string | undefined;
  readonly private: boolean;
  readonly json: boolean;
}

/** Exports a student and prints what was written. @throws LimbeckError and GraphError as `exportStudent` does */
export async function showExport(
  run: string,
  { json, push, private: isPrivate, ...options }: ExportCommand,
): Promise<void> {
  const { signal, release } = stopSignal();
  const { HF_TOKEN: token, HF_ENDPOINT: hubUrl } = process.env;
  try {
    const result = await exportStudent(run, {
      ...options,
      signal,
      ...(push === undefined ? {} : { push: { repository: push, token, isPrivate, hubUrl } }),
    });
    if (json) process.stdout.write(`${JSON.stringify({ status: "done", ...result }, null, 2)}\n`);
    else process.stdout.write(`${exportText(result)}\n`);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    if (json) process.stdout.write(`${JSON.stringify({ status: "interrupted" })}\n`);
    else process.stdout.write("Stopped.\n");
    process.exitCode = EXIT.interrupted;
  } finally {
    release();
  }
}

function exportText({ folder, files, pushed }: ExportResult): string {
  const rows = Object.entries(files).map(([name, bytes]) => [name, formatBytes(bytes)]);
  return `${formatTable(rows)}\n\nexport   ${relative(process.cwd(), folder) || "."}${pushed === undefined ? "" : `\npushed   ${pushed}`}`;
}
