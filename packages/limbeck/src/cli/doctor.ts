import { availableParallelism } from "node:os";
import { relative } from "node:path";
import { type Advice, adviceOn } from "../doctor/advice.js";
import type { EmbeddingFindings } from "../doctor/embedding/facts.js";
import type { Findings } from "../doctor/facts.js";
import { percent } from "../doctor/rule.js";
import { diagnose } from "../runs/diagnose.js";
import type { RunEvent } from "../runs/events.js";
import { RunFolder } from "../runs/folder.js";
import { isFolder } from "../support/files.js";
import { embeddingFindingsTables } from "./embedding-findings.js";
import { bold, formatCount, formatTable, wrapText } from "./format.js";
import { networksTable } from "./networks-table.js";
import { printEnd, watchRun } from "./run.js";

export interface DoctorCommand {
  readonly threads: number | undefined;
  readonly json: boolean;
  /** Makes the teacher of a recipe ready. */
  readonly start: (signal: AbortSignal) => AsyncGenerator<RunEvent>;
}

/** Examines a run folder, or a recipe, whose teacher is made ready before. @throws LimbeckError as `diagnose` does */
export async function showDiagnosis(path: string, { threads, json, start }: DoctorCommand): Promise<void> {
  let runDir = path;
  if (!isFolder(path)) {
    const outcome = await watchRun(start, { json });
    if (outcome.status !== "done") {
      printEnd(outcome, { json });
      return;
    }
    runDir = outcome.runDir!;
  }
  const folder = RunFolder.open(runDir);
  const findings = await diagnose(folder, threads ?? availableParallelism(), new AbortController().signal);
  const advice = adviceOn(findings);
  const document = { status: "done", runDir: folder.path, findings, advice };
  process.stdout.write(json ? `${JSON.stringify(document, null, 2)}\n` : diagnosisText(folder.path, findings, advice));
}

/** Tables of what was measured, then a sentence or two for each rule that has something to say. */
export function diagnosisText(path: string, findings: Findings | EmbeddingFindings, advice: readonly Advice[]): string {
  const told = advice.flatMap(({ rule, sentence, source }) => [
    bold(rule),
    ...wrapText(sentence, "  ", ""),
    ...wrapText(`source: ${source}`, "  ", ""),
    "",
  ]);
  const verdict = told.length > 0 ? told : ["No rule has anything to say against this pair.", ""];
  const all = "task" in findings ? embeddingFindingsTables(findings) : classTables(findings);
  const tables = all.filter((text) => text !== "");
  return [relative(process.cwd(), path) || ".", "", ...tables.flatMap((table) => [table, ""]), ...verdict].join("\n");
}

function classTables(findings: Findings): string[] {
  return [networksTable(findings), answersTable(findings), studentTable(findings)];
}

function answersTable({ teacher, transferSet }: Findings): string {
  const { transfer, heldOut, temperature } = teacher;
  const row = (label: string, cell: (facts: typeof transfer) => string) => [label, cell(transfer), cell(heldOut)];
  const table = formatTable([
    ["teacher's answers", "transfer set", "held-out"],
    row("images asked about", ({ samples }) => formatCount(samples)),
    row("agree with labels", ({ accuracy }) => percent(accuracy)),
    row("mean confidence", ({ confidence }) => percent(confidence)),
    row("99 of 100 are less sure than", ({ ceiling }) => percent(ceiling)),
    row("calibration error (ECE)", ({ ece }) => percent(ece)),
    row("entropy (nats)", ({ entropy }) => entropy.toFixed(3)),
    row("  of the most possible", ({ relativeEntropy }) => percent(relativeEntropy)),
    row("spread of logits", ({ logitSpread }) => logitSpread.toFixed(2)),
    row("  of the wrong classes', by distance", ({ tailSpread }) => tailSpread?.toFixed(2) ?? "-"),
  ]);
  const { lowest, suggested, highest } = temperature;
  const absent = transferSet.absent.length > 0 ? `\nThe transfer set lacks ${transferSet.absent.join(", ")}.` : "";
  return `${table}\nTemperatures ${lowest} to ${highest} make answers soft, but not all alike; ${suggested} lies between.${absent}`;
}

function studentTable({ trained }: Findings): string {
  if (!trained) return "";
  const { agreement, kl, accuracy } = trained;
  return formatTable([
    ["student's answers", "transfer set", "held-out"],
    ["agree with the teacher", percent(agreement.transfer), percent(agreement.heldOut)],
    ["KL to the teacher (nats)", kl.transfer.toFixed(3), kl.heldOut.toFixed(3)],
    ["agree with labels", percent(accuracy.transfer), percent(accuracy.heldOut)],
  ]);
}
