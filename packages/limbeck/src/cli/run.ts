import { writeSync } from "node:fs";
import { relative } from "node:path";
import { styleText } from "node:util";
import { TypedError } from "@limbeck/graph";
import type { RunResults } from "../evaluate/results.js";
import type { RunEvent } from "../runs/events.js";
import { toErrorRecord } from "../support/errors.js";
import { type ProgressView, plainView, terminalView } from "./progress.js";
import { jsonSummary, peerLines, resultsTable, variantLines } from "./summary.js";

/** Exit codes: done, a fault of our own, a mistake that the user can put right, stopped by Ctrl-C. */
export const EXIT = { done: 0, fault: 1, mistake: 2, interrupted: 130 } as const;

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

interface Outcome {
  readonly status: "done" | "interrupted" | "failed";
  readonly runDir: string | undefined;
  readonly results: RunResults | undefined;
  readonly error: TypedError | undefined;
}

/**
 * Shows a run and what came of it, and sets the process's exit code.
 * @param start begins the run; its signal aborts at the first Ctrl-C
 */
export async function showRun(
  start: (signal: AbortSignal) => AsyncGenerator<RunEvent>,
  { json }: { json: boolean },
): Promise<void> {
  const out = json ? process.stderr : process.stdout;
  const view = out.isTTY && process.env.TERM !== "dumb" ? terminalView(out) : plainView(out);
  const outcome = await follow(start, view, out, (runDir) => {
    const interrupted: Outcome = { status: "interrupted", runDir, results: undefined, error: undefined };
    if (json) writeSync(1, `${JSON.stringify(toJson(interrupted))}\n`);
    process.exit(EXIT.interrupted);
  });
  if (json) process.stdout.write(`${JSON.stringify(toJson(outcome), null, 2)}\n`);
  else printOutcome(outcome);
  process.exitCode = { done: EXIT.done, failed: EXIT.mistake, interrupted: EXIT.interrupted }[outcome.status];
}

async function follow(
  start: (signal: AbortSignal) => AsyncGenerator<RunEvent>,
  view: ProgressView,
  out: NodeJS.WritableStream,
  leaveAtOnce: (runDir: string | undefined) => never,
): Promise<Outcome> {
  const controller = new AbortController();
  let runDir: string | undefined;
  let results: RunResults | undefined;
  const onSignal = () => {
    if (controller.signal.aborted) {
      view.close();
      leaveAtOnce(runDir);
    }
    controller.abort();
    out.write("\nStopping after this step; press Ctrl-C again to stop at once.\n");
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    for await (const event of start(controller.signal)) {
      view.show(event);
      if (event.type === "run-start") runDir = event.runDir;
      if (event.type === "results") results = event.results;
      if (event.type === "run-end") return { status: event.status, runDir, results, error: undefined };
    }
    throw new Error("the run ended without saying how");
  } catch (error) {
    if (!(error instanceof TypedError)) throw error;
    return { status: "failed", runDir, results, error };
  } finally {
    view.close();
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}

function toJson({ status, runDir, results, error }: Outcome): object {
  if (status === "done") return jsonSummary(runDir!, results!);
  return { status, runDir: runDir ?? null, ...(error ? { error: toErrorRecord(error) } : {}) };
}

function printOutcome({ status, runDir, results, error }: Outcome): void {
  if (error) {
    printError(error);
    return;
  }
  const folder = relative(process.cwd(), runDir!) || ".";
  if (status === "interrupted") {
    process.stdout.write(`Stopped. Go on with: limbeck resume ${folder}\n`);
    return;
  }
  const { verdict } = results!;
  const lines = ["", resultsTable(results!), ""];
  if (verdict) lines.push(styleText("bold", verdict.sentence, { stream: process.stdout }), "");
  lines.push(...peerLines(results!), "", ...variantLines(results!), "");
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
