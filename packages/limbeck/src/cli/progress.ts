import { relative } from "node:path";
import { styleText } from "node:util";
import type { EvaluationEvent } from "../evaluate/evaluation.js";
import { isPretraining } from "../runs/arms.js";
import type { DataPlan, DataSkipped, Phase, PhaseEnd } from "../runs/events.js";
import type { SearchEvent } from "../runs/search/events.js";
import type { ProgressEvent } from "../train/events.js";
import { formatBytes, formatCount, formatDuration, wrapText } from "./format.js";
import { storageText } from "./labels.js";
import { searchRoundText, searchStartText } from "./search-text.js";

/** What is shown: a run, a search, or an evaluation. */
type ShownEvent = SearchEvent | EvaluationEvent;

/** Shows events to somebody who is waiting. */
export interface ProgressView {
  show(event: ShownEvent): void;
  /** Leaves the screen as it should be, however the run ended. */
  close(): void;
}

const BAR_WIDTH = 24;
const PLAIN_INTERVAL_MS = 5000;

/** What both views keep in mind. */
class Status {
  readonly #labels = new Map<string, string>();
  #width = 0;
  #errors: number | null = null;

  /** Takes note of an event; returns the line to print when a phase is over. */
  note(event: ShownEvent): string | undefined {
    if (event.type === "run-start" || event.type === "search-round" || event.type === "evaluation-start")
      this.#name(event.phases);
    if (event.type === "phase-start") this.#errors = null;
    if (event.type === "epoch") this.#errors = event.errors ?? this.#errors;
    if (event.type !== "phase-end") return undefined;
    const errors =
      this.#errors === null
        ? ""
        : `   ${this.#errors} test errors${isPretraining(event.phase) ? " of nearest neighbors" : ""}`;
    return `${this.label(event.phase)}   ${outcome(event)}${errors}`;
  }

  label(phase: string): string {
    return (this.#labels.get(phase) ?? phase).padEnd(this.#width);
  }

  #name(phases: readonly Phase[]): void {
    for (const { id, label } of phases) this.#labels.set(id, label);
    this.#width = Math.max(...phases.map(({ label }) => label.length));
  }
}

/** How long it took, or whose result it is. */
function outcome({ seconds, reused, from }: PhaseEnd): string {
  if (from) return `reused from ${relative(process.cwd(), from.run) || "."} (took ${formatDuration(seconds)} there)`;
  return reused ? "kept from before" : formatDuration(seconds);
}

const speed = (each: number, what: string) => `${each.toFixed(each < 10 ? 1 : 0)} ${what}/s`;

/** How far a phase is, and what its steps are where they are not a training's. */
type Step = Omit<ProgressEvent, "unit"> & { readonly unit?: string };

function figures({ step, totalSteps, loss, stepsPerSecond, unit }: Step): string {
  const left = stepsPerSecond > 0 ? `${formatDuration((totalSteps - step) / stepsPerSecond)} left` : "";
  const parts = [
    `${Math.floor((100 * step) / totalSteps)}%`.padStart(4),
    ...(loss === null ? [] : [`loss ${loss.toFixed(4)}`]),
    unit === "bytes"
      ? `${formatBytes(stepsPerSecond)}/s`
      : speed(stepsPerSecond, unit ?? (loss === null ? "images" : "steps")),
    left,
  ];
  return parts.filter((part) => part !== "").join("   ");
}

/** One line that never wraps: a narrow terminal loses the bar first. */
function progressLine(label: string, event: Step, columns: number, stream: NodeJS.WriteStream): string {
  const text = figures(event);
  const bare = `  ${label.trimEnd()}   ${text}`;
  if (label.length + text.length + BAR_WIDTH + 6 > columns) return bare.slice(0, columns);
  const filled = Math.round((BAR_WIDTH * event.step) / event.totalSteps);
  return `  ${label}   ${styleText("cyan", "━".repeat(filled), { stream })}${"─".repeat(BAR_WIDTH - filled)} ${text}`;
}

/** What `distill: auto` chose, and why. */
function chosenLines({ variant, terms, reasons }: Extract<SearchEvent, { type: "terms-chosen" }>): string {
  const chosen = wrapText(`${variant ?? "distill"}: auto chose ${terms.join(" + ")}`, "");
  return [...chosen, ...reasons.flatMap((reason) => wrapText(`- ${reason}`, "  "))].join("\n");
}

/** How many files are decoded, and what they take. */
function planText({ noun, files, samples, shape, bytes, ignored, folder }: DataPlan): string {
  const beside = ignored > 0 ? `; ${formatCount(ignored)} other files are passed over` : "";
  const cut = samples === files ? "" : ` out of ${formatCount(files)} files`;
  const place = folder === undefined ? "of memory" : `on disk, in ${folder}`;
  return `${formatCount(samples)} ${noun}s of ${shape.join(" × ")}${cut} take ${formatBytes(bytes)} ${place}${beside}`;
}

/** Corrupt files are told by path, up to so many; all are in the run folder. */
const NAMED = 10;

/** Which files were left out. */
function skippedLines({ noun, corrupt }: DataSkipped): string {
  const left = corrupt.length - NAMED;
  return [
    `${formatCount(corrupt.length)} corrupt ${corrupt.length === 1 ? `${noun} was` : `${noun}s were`} left out:`,
    ...corrupt.slice(0, NAMED).map(({ path, problem }) => `  ${path}: ${problem}`),
    ...(left > 0 ? [`  and ${formatCount(left)} more, which run.json lists`] : []),
  ].join("\n");
}

/** What is printed of events that are told once. */
function noticeOf(event: ShownEvent): string | undefined {
  if (event.type === "search-start") return searchStartText(event);
  if (event.type === "search-round") return searchRoundText(event);
  if (event.type === "run-start") return `${event.name}: the run folder is ${event.runDir}`;
  if (event.type === "terms-chosen") return chosenLines(event);
  if (event.type === "data-plan") return planText(event);
  if (event.type === "data-skipped") return skippedLines(event);
  return event.type === "label-plan" ? `labelling writes ${storageText(event)}` : undefined;
}

/** What suits a stream: a bar where somebody looks, else plain lines. */
export function viewOn(out: NodeJS.WriteStream): ProgressView {
  return out.isTTY && process.env.TERM !== "dumb" ? terminalView(out) : plainView(out);
}

/** A bar for the phase under way, redrawn in place; finished phases stay above it. */
function terminalView(out: NodeJS.WriteStream): ProgressView {
  const status = new Status();
  const clear = "\r\u001b[2K";
  const columns = () => (out.columns || 80) - 1;
  let isOpen = true;
  out.write("\u001b[?25l");
  return {
    show: (event) => {
      const over = status.note(event);
      if (over !== undefined) out.write(`${clear}${styleText("green", "✔", { stream: out })} ${over}\n`);
      const notice = noticeOf(event);
      if (notice !== undefined) out.write(`${clear}${notice}\n`);
      if (event.type === "phase-start") out.write(`${clear}  ${status.label(event.phase)}   …`.slice(0, columns()));
      if (event.type === "progress") out.write(clear + progressLine(status.label(event.phase), event, columns(), out));
    },
    close: () => {
      if (isOpen) out.write(`${clear}\u001b[?25h`);
      isOpen = false;
    },
  };
}

/** Plain lines, a few seconds apart, for logs and pipes. */
function plainView(out: NodeJS.WritableStream): ProgressView {
  const status = new Status();
  let last = performance.now();
  return {
    show: (event) => {
      const over = status.note(event);
      if (over !== undefined) out.write(`done  ${over}\n`);
      const notice = noticeOf(event);
      if (notice !== undefined) out.write(`${notice}\n`);
      if (event.type !== "progress" || performance.now() - last < PLAIN_INTERVAL_MS) return;
      last = performance.now();
      out.write(`      ${status.label(event.phase)}   ${figures(event)}\n`);
    },
    close: () => {},
  };
}
