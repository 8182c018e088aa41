import { writeSync } from "node:fs";
import { relative } from "node:path";
import { styleText } from "node:util";
import { TypedError } from "@limbeck/graph";
import type { CorruptFile } from "../data/folders/reader.js";
import type { RunResults } from "../evaluate/results.js";
import type { SearchResults } from "../evaluate/search-results.js";
import type { LabelsEvent } from "../runs/events.js";
import type { SearchEvent } from "../runs/search/events.js";
import { toErrorRecord } from "../support/errors.js";
import { bold } from "./format.js";
import { labelsText } from "./labels.js";
import { type ProgressView, viewOn } from "./progress.js";
import { searchSummary } from "./search-text.js";
import { SIGNALS } from "./stop.js";
import {
  exitsTable,
  featuresLine,
  helpersTable,
  jsonSummary,
  peerLines,
  resultsTable,
  trainedOnLine,
  variantLines,
} from "./summary.js";

/** Exit codes: done, a fault of our own, a mistake that the user can put right, stopped by Ctrl-C. */
export const EXIT = { done: 0, fault: 1, mistake: 2, interrupted: 130 } as const;

/** What came of a run; what it did not get to is missing. */
export interface Outcome {
  readonly status: "done" | "interrupted" | "failed";
  readonly runDir: string | undefined;
  readonly results?: RunResults | undefined;
  readonly labels?: LabelsEvent | undefined;
  /** Images that were left out. */
  readonly corrupt?: readonly CorruptFile[] | undefined;
  readonly search?: SearchResults | undefined;
  readonly error?: TypedError;
}

/**
 * Shows a run and what came of it, and sets the process's exit code.
 * @param start begins the run; its signal aborts at the first Ctrl-C
 */
export async function showRun(
  start: (signal: AbortSignal) => AsyncGenerator<SearchEvent>,
  { json }: { json: boolean },
): Promise<void> {
  printEnd(await watchRun(start, { json }), { json });
}

/** Prints how a run ended, and sets the process's exit code. */
export function printEnd(outcome: Outcome, { json }: { json: boolean }): void {
  if (json) process.stdout.write(`${JSON.stringify(toJson(outcome), null, 2)}\n`);
  else printOutcome(outcome);
  process.exitCode = { done: EXIT.done, failed: EXIT.mistake, interrupted: EXIT.interrupted }[outcome.status];
}

/** Shows the progress of a run, or of a search. */
export async function watchRun(
  start: (signal: AbortSignal) => AsyncGenerator<SearchEvent>,
  { json }: { json: boolean },
): Promise<Outcome> {
  const out = json ? process.stderr : process.stdout;
  return follow(start, viewOn(out), out, (runDir) => {
    if (json) writeSync(1, `${JSON.stringify(toJson({ status: "interrupted", runDir }))}\n`);
    process.exit(EXIT.interrupted);
  });
}

async function follow(
  start: (signal: AbortSignal) => AsyncGenerator<SearchEvent>,
  view: ProgressView,
  out: NodeJS.WritableStream,
  leaveAtOnce: (runDir: string | undefined) => never,
): Promise<Outcome> {
  const controller = new AbortController();
  let runDir: string | undefined;
  let results: RunResults | undefined;
  let labels: LabelsEvent | undefined;
  let corrupt: readonly CorruptFile[] | undefined;
  let search: SearchResults | undefined;
  const stopWatching = onInterrupt(controller, out, () => {
    view.close();
    leaveAtOnce(runDir);
  });
  try {
    for await (const event of start(controller.signal)) {
      view.show(event);
      if (event.type === "run-start") runDir = event.runDir;
      if (event.type === "search-start") runDir = event.searchDir;
      if (event.type === "results") results = event.results;
      if (event.type === "labels") labels = event;
      if (event.type === "data-skipped") corrupt = event.corrupt;
      if (event.type === "search-results") search = event.results;
      if (event.type === "run-end") return { status: event.status, runDir, results, labels, corrupt, search };
    }
    throw new Error("the run ended without saying how");
  } catch (error) {
    if (!(error instanceof TypedError)) throw error;
    return { status: "failed", runDir, error };
  } finally {
    view.close();
    stopWatching();
  }
}

/**
 * The first Ctrl-C aborts, the second calls `leave`.
 * @returns what ends that
 */
export function onInterrupt(controller: AbortController, out: NodeJS.WritableStream, leave: () => never): () => void {
  const onSignal = () => {
    if (controller.signal.aborted) leave();
    controller.abort();
    out.write("\nStopping after this step; press Ctrl-C again to stop at once.\n");
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return () => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
}

function toJson({ status, runDir, results, labels, corrupt, search, error }: Outcome): object {
  if (status === "done" && results) return { ...jsonSummary(runDir!, results), ...(corrupt ? { corrupt } : {}) };
  if (search) return { status, runDir: runDir ?? null, search };
  if (labels) {
    const { type: _, ...facts } = labels;
    return { status, runDir: runDir ?? null, labels: facts };
  }
  return { status, runDir: runDir ?? null, ...(error ? { error: toErrorRecord(error) } : {}) };
}

function printOutcome({ status, runDir, results, labels, search, error }: Outcome): void {
  if (error) {
    printError(error);
    return;
  }
  const folder = relative(process.cwd(), runDir!) || ".";
  if (status === "interrupted") {
    process.stdout.write(`Stopped. Go on with: limbeck resume ${folder}\n`);
    return;
  }
  if (results) printResults(results, folder);
  else if (search) process.stdout.write(searchSummary(search, folder));
  else process.stdout.write(labels ? `${labelsText(labels)}\n` : `teacher  ${folder}/teacher.onnx\n`);
}

function printResults(results: RunResults, folder: string): void {
  const { verdict } = results;
  const lines = ["", resultsTable(results), "", helpersTable(results), ""];
  if (verdict) lines.push(bold(verdict.sentence), "");
  lines.push(...trainedOnLine(results), ...featuresLine(results), ...peerLines(results), "", exitsTable(results), "");
  lines.push(...variantLines(results), "");
  lines.push(`student  ${folder}/student.onnx`, `report   ${folder}/report.html`);
  process.stdout.write(`${lines.join("\n").replace(/\n{3,}/g, "\n\n")}\n`);
}

/** A typed error: what, and what to do; never a stack trace. */
export function printError(error: TypedError): void {
  const lines = [`${styleText("red", "error", { stream: process.stderr })} ${error.code}: ${error.message}`];
  if (error.where && !error.message.includes(error.where)) lines.push(`  where: ${error.where}`);
  if (error.fix) lines.push(`  what to do: ${error.fix}`);
  process.stderr.write(`${lines.join("\n")}\n`);
}
