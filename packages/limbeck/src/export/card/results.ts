import type { Spread, TeacherResult } from "../../evaluate/results.js";
import { bytes, count, errorsText, milliseconds, NOTHING, plusMinus } from "../../report/format.js";
import type { ExportedPeer } from "../finished-run.js";
import type { Card } from "./card.js";
import { inline, table } from "./text.js";

/** What was measured, of student, teacher and baseline. */
export function resultsSection({ finished }: Card): string {
  const { student, teacher, baseline, verdict } = finished.results;
  const models = [student, ...(teacher ? [teacher] : []), ...(baseline ? [baseline] : [])];
  const names = ["student", ...(teacher ? ["teacher"] : []), ...(baseline ? ["baseline"] : [])];
  const percent = (value: Spread | null) => (value ? `${plusMinus(value, 2, 100)}%` : NOTHING);
  const row = (label: string, cell: (model: TeacherResult) => string) => [label, ...models.map(cell)];
  const seeds = student.errors.length;
  return [
    "## Results",
    ...peerSentence(finished.peer),
    `Measured on ${count(student.testSize)} held-out samples. ${
      seeds > 1
        ? `Mean ± standard deviation over ${seeds} seeds; the files here are the first seed's, with ${count(student.errors[0]!)} test errors.`
        : "One seed: how much chance has to do with it is unknown."
    }${baseline ? " The baseline is the same network, trained without what the student was taught with." : ""}`,
    table(
      ["", ...names],
      [
        row("test errors", ({ errors }) => errorsText(errors)),
        row("accuracy", ({ accuracy }) => percent(accuracy)),
        ...(teacher ? [row("agreement with the teacher", ({ agreement }) => percent(agreement))] : []),
        row("calibration error (ECE)", ({ ece }) => percent(ece)),
        row("parameters", ({ parameters }) => known(parameters, count)),
        row("size", (model) => known(model.bytes, bytes)),
        row("latency, one sample on one thread", ({ latencyMs }) => known(latencyMs, milliseconds)),
      ],
    ),
    ...(verdict ? [inline(verdict.sentence)] : []),
    `Latency was measured on ${inline(finished.run.environment?.cpu ?? "the machine that trained")}.`,
  ].join("\n\n");
}

/** What was exported in the place of the recipe's student. */
function peerSentence(peer: ExportedPeer | undefined): string[] {
  if (!peer) return [];
  const { name, chosenAmong } = peer;
  const who =
    name === "student"
      ? "The student here is the recipe's"
      : `The student here is \`${name}\`, which learned beside the recipe's`;
  const why = `it was chosen for its test errors, as none of ${chosenAmong} models makes fewer, which flatters it`;
  return [chosenAmong === undefined ? `${who}.` : `${who}; ${why}.`];
}

/** What a teacher that is only asked costs is not known. */
function known(value: number | null, text: (value: number) => string): string {
  return value === null ? NOTHING : text(value);
}
