import type { TeacherResult } from "../../evaluate/results.js";
import { ARM_NAMES, type Arm, armName } from "../arms.js";
import type { Confusion, ReportData } from "../data.js";
import { count, plural } from "../format.js";
import { html, type Markup, scrolling } from "../html.js";
import { headWidth } from "../width.js";

/** With more classes than this, a matrix says less than its largest entries. */
const MOST_CLASSES = 30;
/** With more classes than this, matrices stand one below the other. */
const MOST_BESIDE = 12;
/** Pairs of classes in the line below each matrix. */
const PAIRS = 4;
/** Class names longer than this stand upright above their columns. */
const SHORT_NAME = 3;

interface Pair {
  readonly truth: number;
  readonly guess: number;
  readonly count: number;
}

/** A model's matrix, with what is needed to draw it. */
interface Shown {
  readonly arm: Arm;
  readonly matrix: Confusion;
  /** Sum of all counts. */
  readonly answers: number;
  /** Which seeds were counted, where there are several. */
  readonly origin: string;
  /** A count with this share of the answers gets the strongest shade. */
  readonly strongest: number;
}

/** Which classes each model takes for which. */
export function confusionSection({ classes, confusion, results }: ReportData): Markup {
  const given = (["student", "baseline", "teacher"] as const).flatMap((arm) => {
    const matrix = confusion[arm];
    return matrix === null
      ? []
      : [{ arm, matrix, answers: total(matrix), origin: origin(total(matrix), results[arm]) }];
  });
  const shares = given.flatMap(({ matrix, answers }) => pairs(matrix).map((pair) => pair.count / answers));
  const shown = given.map((one) => ({ ...one, strongest: Math.max(...shares, 0) }));
  const drawn = classes.length <= MOST_CLASSES;
  return html`<section aria-labelledby="confusion"><h2 id="confusion">What they confuse</h2>
${drawn ? explanation() : html`<p>${count(classes.length)} classes make too large a table to read; these are the mistakes made most often.</p>`}
<div class="matrices${classes.length > MOST_BESIDE ? " wide" : ""}">${shown.map(
    (one) => html`<div>
${drawn ? scrolling(`Confusion matrix, ${one.arm}`, table(one, classes)) : html`<h3>${armName(one.arm)}</h3>`}
<p class="confusions"><strong>Most frequent confusions:</strong> ${frequent(one.matrix, classes)}</p></div>`,
  )}</div></section>`;
}

/** Tells a matrix of one seed from one that adds up all of them. */
function origin(answers: number, model: TeacherResult | null): string {
  const seeds = model?.errors.length ?? 1;
  if (seeds === 1) return "";
  return answers === model?.testSize ? `, one of ${seeds} seeds` : `, added up over ${seeds} seeds`;
}

function explanation(): Markup {
  return html`<p>Rows are true classes, columns what the model said: each cell off the diagonal counts mistakes of one kind. The
stronger the shade, the larger their share of all answers, on one scale for all matrices. Right answers, on the diagonal, stay unshaded.</p>`;
}

function table({ arm, matrix, answers, origin, strongest }: Shown, classes: readonly string[]): Markup {
  const long = classes.some((name) => name.length > SHORT_NAME);
  return html`<table class="matrix ${arm}${long ? " long" : ""}" style="--head: ${headWidth(classes, 8.5)}; --columns: ${classes.length}">
<caption>${armName(arm)}: ${plural(answers - diagonal(matrix), "error")} in ${count(answers)} answers${origin}</caption>
<thead><tr><th scope="col"><span class="hidden">${ARM_NAMES[arm]}: true class</span></th>${classes.map(
    (name) => html`<th scope="col" title="${name}"><span>${name}</span></th>`,
  )}</tr></thead>
<tbody>${matrix.map((row, truth) => {
    const cells = row.map((value, guess) => cell(value, truth === guess, value / answers / strongest));
    return html`<tr><th scope="row" title="${classes[truth]}">${classes[truth]}</th>${cells}</tr>`;
  })}</tbody></table>`;
}

function cell(value: number, right: boolean, share: number): Markup {
  const text = count(value).replaceAll(",", "");
  if (right) return html`<td class="right">${text}</td>`;
  if (value === 0) return html`<td class="none">0</td>`;
  // The power keeps single mistakes visible beside the largest count.
  return html`<td style="--s: ${(share ** 0.6).toFixed(2)}">${text}</td>`;
}

function frequent(matrix: Confusion, classes: readonly string[]): Markup {
  const worst = pairs(matrix)
    .sort((a, b) => b.count - a.count)
    .slice(0, PAIRS);
  if (worst.length === 0) return html`none, every answer was right.`;
  const name = (c: number) => classes[c] ?? `class ${c}`;
  const words = worst.map((pair) => `${name(pair.truth)} taken for ${name(pair.guess)} (${count(pair.count)})`);
  return html`${words.map((text, i) => html`<span>${text}${i < words.length - 1 ? "," : "."}</span> `)}`;
}

function pairs(matrix: Confusion): Pair[] {
  return matrix.flatMap((row, truth) =>
    row.flatMap((value, guess) => (truth === guess || value === 0 ? [] : [{ truth, guess, count: value }])),
  );
}

function total(matrix: Confusion): number {
  return matrix.flat().reduce((sum, value) => sum + value, 0);
}

function diagonal(matrix: Confusion): number {
  return matrix.reduce((sum, row, i) => sum + (row[i] ?? 0), 0);
}
