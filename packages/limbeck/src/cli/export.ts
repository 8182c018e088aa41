import { relative } from "node:path";
import { type ExportOptions, exportStudent } from "../export/export.js";
import { Interrupted } from "../train/events.js";
import { formatBytes, formatTable } from "./format.js";
import { EXIT } from "./run.js";
import { stopSignal } from "./stop.js";

/** Exports a student and prints what was written. @throws LimbeckError and GraphError as `exportStudent` does */
export async function showExport(run: string, { json, ...options }: ExportOptions & { json: boolean }): Promise<void> {
  const { signal, release } = stopSignal();
  try {
    const { folder, files } = await exportStudent(run, { ...options, signal });
    if (json) process.stdout.write(`${JSON.stringify({ status: "done", folder, files }, null, 2)}\n`);
    else process.stdout.write(`${exportText(folder, files)}\n`);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    if (json) process.stdout.write(`${JSON.stringify({ status: "interrupted" })}\n`);
    else process.stdout.write("Stopped; nothing was written.\n");
    process.exitCode = EXIT.interrupted;
  } finally {
    release();
  }
}

function exportText(folder: string, files: Readonly<Record<string, number>>): string {
  const rows = Object.entries(files).map(([name, bytes]) => [name, formatBytes(bytes)]);
  return `${formatTable(rows)}\n\nexport   ${relative(process.cwd(), folder) || "."}`;
}
