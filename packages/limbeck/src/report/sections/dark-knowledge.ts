import { armName } from "../arms.js";
import type { DarkKnowledgeSample, ReportData } from "../data.js";
import { fixed, percent, significant } from "../format.js";
import { html, type Markup } from "../html.js";
import { imageUri } from "../image.js";
import { headWidth } from "../width.js";

/** With more classes than this, only the likeliest are shown. */
const MOST_CLASSES = 10;

/** What the teacher says of single images beyond the right class; nothing where there are no samples. */
export async function darkKnowledgeSection(data: ReportData): Promise<Markup | null> {
  if (data.samples.length === 0) return null;
  const cards = await Promise.all(data.samples.map((sample, i) => card(data, sample, i)));
  const t = significant(data.temperature, 2).replace(/\.0$/, "");
  const temperature =
    data.temperature === 1
      ? "This recipe leaves the teacher's distribution as it is (temperature 1)."
      : `Dividing the teacher's logits by a temperature, here T = ${t}, before the softmax makes the small probabilities ` +
        "large enough to learn from, without changing their order.";
  const isText = typeof data.samples[0]!.shown === "string";
  return html`<section aria-labelledby="dark"><h2 id="dark">Dark knowledge</h2>
<p>A label names one class. The teacher's answer also says what else ${isText ? "a text" : "an image"} resembles, and how much; this is what the student learns from. ${temperature}</p>
<p>Of each class, this is the test ${isText ? "text" : "image"} that the teacher gets right with the most doubt: not a typical one, but one that shows most.</p>
<ul class="samples">${cards}</ul></section>`;
}

async function card(data: ReportData, sample: DarkKnowledgeSample, index: number): Promise<Markup> {
  const name = (c: number) => data.classes[c] ?? `class ${c}`;
  const label = name(sample.label);
  const says = (distribution: readonly number[]) => {
    const top = largest(distribution);
    return `${name(top)} (${percent(distribution[top] ?? 0)})`;
  };
  const { shown } = sample;
  const picture =
    typeof shown === "string"
      ? undefined
      : html`<img src="${await imageUri(shown, data.image)}" width="84" height="84" alt="${`Sample ${index + 1}, true class ${label}`}">`;
  return html`<li><div class="sample">${picture}<div>${typeof shown === "string" && html`<blockquote>${shown}</blockquote>`}<h3>True class: ${label}</h3><p>Teacher says ${says(sample.teacher)},<br>student ${says(sample.student)}.</p></div></div>
${distributions(data, sample, index)}</li>`;
}

function distributions(data: ReportData, sample: DarkKnowledgeSample, index: number): Markup {
  const soft = data.temperature !== 1;
  const temperature = significant(data.temperature, 2).replace(/\.0$/, "");
  const shown = shownClasses(sample);
  const head = headWidth(
    shown.map((c) => data.classes[c] ?? ""),
    7.5,
  );
  const rest = sample.teacher.length - shown.length;
  return html`<table class="bars" style="--head: ${head}"><caption class="hidden">Probabilities for sample ${index + 1}, in percent</caption>
<thead><tr><th scope="col"><span class="hidden">Class</span></th><th scope="col">${armName("teacher")}<br>T = 1</th>
${soft && html`<th scope="col">${armName("teacher")}<br>T = ${temperature}</th>`}<th scope="col">${armName("student")}<br>T = 1</th></tr></thead>
<tbody>${shown.map((c) => {
    const name = data.classes[c] ?? `class ${c}`;
    const isTrue = c === sample.label;
    return html`<tr class="${isTrue ? "true" : ""}"><th scope="row" title="${name}">${name}${isTrue && html`<span class="hidden"> (true class)</span>`}</th>
${bar("teacher", sample.teacher[c])}${soft && bar("teacher soft", sample.soft[c])}${bar("student", sample.student[c])}</tr>`;
  })}</tbody></table>${rest > 0 && html`<p class="small muted">${`and ${rest} other classes`}</p>`}`;
}

function bar(style: string, probability = 0): Markup {
  const value = Number.isFinite(probability) ? probability : 0;
  if (value < 0.0005) return html`<td class="tiny">&lt;0.1</td>`;
  return html`<td class="${style}"><i style="--p: ${value.toFixed(4)}"></i>${fixed(value * 100, 1)}</td>`;
}

/** The classes in their own order: all of them, or the likeliest and the true one. */
function shownClasses({ teacher, soft, label }: DarkKnowledgeSample): readonly number[] {
  const all = [...teacher.keys()];
  if (all.length <= MOST_CLASSES) return all;
  const likeliest = all.sort((a, b) => (soft[b] ?? 0) - (soft[a] ?? 0)).slice(0, MOST_CLASSES);
  if (!likeliest.includes(label)) likeliest[MOST_CLASSES - 1] = label;
  return likeliest.sort((a, b) => a - b);
}

function largest(values: readonly number[]): number {
  return values.reduce((best, value, i) => (value > (values[best] ?? 0) ? i : best), 0);
}
