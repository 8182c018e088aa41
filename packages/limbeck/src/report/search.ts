import { roundEpochs, type SearchedStudent, type SearchResults } from "../evaluate/search-results.js";
import { bytes, count, errorsText, milliseconds, NOTHING, percent, plusMinus } from "./format.js";
import { html, type Markup, scrolling } from "./html.js";
import { renderPage } from "./page.js";
import { type Dot, scatter } from "./scatter.js";

/** What the page of a search shows. */
export interface SearchPage {
  readonly name: string;
  readonly description: string;
  readonly limbeck: string;
  readonly results: SearchResults;
}

/** The page of a search: one HTML file that needs nothing else. */
export function renderSearch({ name, description, limbeck, results }: SearchPage): string {
  const body = html`<header><h1>${name}</h1><p class="small muted">Limbeck search for a student</p>
<p class="verdict">${results.sentence}</p>${description !== "" && html`<p class="muted">${description}</p>`}
<p class="muted">${limitsText(results)}</p></header>
<main>${plots(results)}${table(results)}</main>
<footer>Written by Limbeck ${limbeck}.</footer>`;
  return renderPage({ title: `${name}: search for a student`, limbeck, body, scripts: [] });
}

function limitsText({ limits: { maxBytes, maxLatencyMs, minRetention } }: SearchResults): string {
  const parts = [
    ...(maxBytes === undefined ? [] : [`at most ${bytes(maxBytes)}`]),
    ...(maxLatencyMs === undefined ? [] : [`at most ${milliseconds(maxLatencyMs)} a sample`]),
    ...(minRetention === undefined ? [] : [`at least ${percent(minRetention)} of the teacher's accuracy`]),
  ];
  return parts.length === 0 ? "Nothing was asked for but accuracy." : `Asked for: ${parts.join(", ")}.`;
}

function plots(results: SearchResults): Markup {
  const { students, limits, teacherAccuracy } = results;
  const levels = teacherAccuracy === null ? [] : levelsOf(teacherAccuracy, limits.minRetention);
  const plot = (title: string, key: "bytes" | "latencyMs", format: (value: number) => string, limitX?: number) =>
    scatter(
      students.flatMap((student) => dot(student, key)),
      {
        label: `Accuracy against ${title.toLowerCase()}`,
        xTitle: title,
        yTitle: "Accuracy",
        formatX: format,
        formatY: (value) => percent(value),
        limitX,
        levels,
      },
    );
  return html`<section aria-labelledby="front"><h2 id="front">Quality against size and time</h2>
<p>Filled: finalists, trained as the recipe says and tested. Rings: students that were given up, at what they had reached on the
samples that were set aside. The line is the Pareto front: nothing on it can be made smaller or faster without losing accuracy.</p>
${plot("Size of the file", "bytes", bytes, limits.maxBytes)}
${plot("Time of one sample", "latencyMs", milliseconds, limits.maxLatencyMs)}</section>`;
}

function levelsOf(teacher: number, minRetention: number | undefined) {
  const asked = minRetention === undefined ? [] : [{ name: "asked for", y: teacher * minRetention }];
  return [{ name: "teacher", y: teacher }, ...asked];
}

function dot({ name, final, rounds, ...student }: SearchedStudent, key: "bytes" | "latencyMs"): Dot[] {
  if (final) return [{ name, x: final[key], y: final.accuracy.mean, isFilled: true, isFront: final.isFront }];
  const last = rounds.at(-1);
  return last ? [{ name, x: student[key], y: last.accuracy, isFilled: false, isFront: false }] : [];
}

function table({ students, chosen }: SearchResults): Markup {
  const heads = roundEpochs({ students }).map(
    (epochs, i) => html`<th scope="col">Round ${i + 1}<small>${count(epochs)} epochs</small></th>`,
  );
  return html`<section aria-labelledby="students"><h2 id="students">All students</h2>
${scrolling(
  "Students",
  html`<table><caption>Rounds: accuracy on samples that were set aside, one seed. Test: as the recipe trains, on the test part.</caption>
<thead><tr><th scope="col">Student</th><th scope="col">Parameters</th><th scope="col">File</th><th scope="col">Latency</th>${heads}
<th scope="col">Test accuracy</th><th scope="col">Test errors</th><th scope="col">Of the teacher's</th></tr></thead>
<tbody>${students.map((student) => row(student, heads.length, chosen))}</tbody></table>`,
)}</section>`;
}

function row(student: SearchedStudent, rounds: number, chosen: string | null): Markup {
  const { name, parameters, excluded, final } = student;
  const note = name === chosen ? "the one to take" : (excluded ?? (final?.isFront ? "on the front" : ""));
  const cells = Array.from({ length: rounds }, (_, i) => {
    const round = student.rounds[i];
    return html`<td>${round ? percent(round.accuracy) : NOTHING}</td>`;
  });
  return html`<tr><th scope="row" class="text">${name}${note !== "" && html`<small>${note}</small>`}</th><td>${count(parameters)}</td>
<td>${bytes((final ?? student).bytes)}</td><td>${milliseconds((final ?? student).latencyMs)}</td>${cells}
<td>${final ? `${plusMinus(final.accuracy, 2, 100)}%` : NOTHING}</td><td>${final ? errorsText(final.errors) : NOTHING}</td>
<td>${final?.retention ? percent(final.retention) : NOTHING}</td></tr>`;
}
