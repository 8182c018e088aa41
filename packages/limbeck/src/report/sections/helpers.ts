import type { HelperResult, TeacherResult } from "../../evaluate/results.js";
import { armMeaning, armName } from "../arms.js";
import type { ReportData } from "../data.js";
import { bytes, count, errorsText, milliseconds, NOTHING, plusMinus } from "../format.js";
import { html, type Markup, scrolling } from "../html.js";
import { known } from "../metrics.js";

const MEANINGS: Readonly<Record<HelperResult["kind"], string>> = {
  member: "part of the teacher",
  specialist: "knows some classes; measured on their samples",
  assistant: "learned from the one above it",
  generation: "the student's network, taught by the one above it",
  generations: "all of them and the first student, answering together",
};

/** What the teacher is made of. */
const MEMBERS: readonly HelperResult["kind"][] = ["member", "specialist"];

/** What the teacher's figures are about where it is made of specialists. */
const MERGED =
  "The teacher is the specialists merged into one network, which sees no labels: where labels said in training which of them answers, here confidence does.";

/** Members of an ensemble of teachers and the chain from teacher to student; nothing where there are none. */
export function helpersSection(report: ReportData): Markup | false {
  const { results } = report;
  const { helpers, teacher, student } = results;
  if (helpers.length === 0 || !teacher) return false;
  const members = helpers.filter(({ kind }) => MEMBERS.includes(kind));
  const links = helpers.filter(({ kind }) => !MEMBERS.includes(kind));
  const row = (name: Markup, meaning: string, result: TeacherResult) => html`
<tr><th scope="row" class="text">${name}<small>${meaning}</small></th><td><strong>${errorsText(result.errors)}</strong>${result.testSize === student.testSize ? "" : html` of ${count(result.testSize)}`}</td>
<td>${result.agreement ? html`${plusMinus(result.agreement, 2, 100)}%` : NOTHING}</td><td>${plusMinus(result.ece, 2, 100)}%</td>
<td>${known(result.parameters, count)}</td><td>${known(result.bytes, bytes)}</td><td>${known(result.latencyMs, milliseconds)}</td></tr>`;
  const helperRow = ({ name, kind, result }: HelperResult) => row(html`${name}`, MEANINGS[kind], result);
  const note = members.some(({ kind }) => kind === "specialist") ? ` ${MERGED}` : "";
  return html`<section aria-labelledby="helpers"><h2 id="helpers">From teacher to student</h2>
<p>The networks behind the student. Each was trained once, so that differences of a few errors may be chance.${note}</p>
${scrolling(
  "Networks between teacher and student",
  html`<table><caption>Measured on the same test samples, unless the table says otherwise.</caption>
<thead><tr><th scope="col">Network</th><th scope="col">Test errors</th><th scope="col">Agreement<small>with the teacher</small></th>
<th scope="col">Calibration error</th><th scope="col">Parameters</th><th scope="col">File</th><th scope="col">Latency</th></tr></thead>
<tbody>${members.map(helperRow)}${row(armName("teacher"), armMeaning("teacher", report), teacher)}${links.map(helperRow)}${row(
    armName("student"),
    armMeaning("student", report),
    student,
  )}</tbody></table>`,
)}</section>`;
}
