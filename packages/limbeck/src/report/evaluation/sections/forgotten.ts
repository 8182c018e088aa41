import type { EvaluatedModel, JudgedSample } from "../../../evaluate/evaluation.js";
import { count, NOTHING, percent } from "../../format.js";
import { html, type Markup, scrolling } from "../../html.js";
import { imageUri } from "../../image.js";
import type { EvaluationReport } from "../data.js";
import { modelName } from "../names.js";
import { rowNumbers } from "../row-numbers.js";

/** Samples that are shown of each list. */
const SHOWN = 12;
/** With more classes than this, those that nothing changed in are left out. */
const MOST_CLASSES = 30;
/** By class, what each model forgot and learned; and the worst samples, as pictures. */
export async function forgottenSection(report: EvaluationReport): Promise<Markup> {
  const { models, reference } = report.evaluation;
  const compared = models.some(({ comparison }) => comparison !== null);
  const galleries: (Markup | false)[] = [];
  for (const [m, model] of models.entries()) galleries.push(await galleryOf(report, model, m));
  return html`<section aria-labelledby="forgotten"><h2 id="forgotten">${compared ? "What was forgotten" : "The worst mistakes"}</h2>
${compared && html`<p>Forgotten is what ${reference} gets right and a model wrong; learned is the other way round.</p>${scrolling("Forgotten and learned, by class", byClass(report))}`}
${galleries}</section>`;
}

function byClass({ evaluation: { models, data } }: EvaluationReport): Markup {
  const others = models.flatMap((model, m) =>
    model.comparison ? [{ name: model.name, m, churn: model.comparison.churn }] : [],
  );
  const rows = data.classes.map((name, k) => ({ name, of: others.map(({ churn }) => churn.classes[k]!) }));
  const changes = ({ of }: (typeof rows)[number]) => of.reduce((sum, one) => sum + one.forgotten + one.learned, 0);
  const shown =
    rows.length > MOST_CLASSES ? rows.filter((row) => changes(row) > 0).sort((a, b) => changes(b) - changes(a)) : rows;
  return html`<table class="after"><caption>Forgotten, and in brackets learned.</caption>
<thead><tr><th scope="col">Class</th><th scope="col">Samples</th>${others.map(({ name, m }) => html`<th scope="col">${modelName(name, m)}</th>`)}</tr></thead>
<tbody>${shown
    .slice(0, MOST_CLASSES)
    .map(
      ({ name, of }) =>
        html`<tr><th scope="row">${name}</th><td>${count(of[0]!.samples)}</td>${of.map(
          ({ forgotten, learned }) =>
            html`<td>${forgotten === 0 ? NOTHING : count(forgotten)}${learned > 0 && html` <span class="muted">(+${count(learned)})</span>`}</td>`,
        )}</tr>`,
    )}</tbody></table>`;
}

/** Of a model beside the reference, what it forgot; of the reference, its own mistakes. */
async function galleryOf(report: EvaluationReport, model: EvaluatedModel, m: number): Promise<Markup | false> {
  const { reference } = report.evaluation;
  const samples = model.comparison ? model.comparison.churn.worst : model.mistakes;
  if (samples.length === 0) return false;
  const cards = await Promise.all(
    samples.slice(0, SHOWN).map((sample) => card(report, sample, model.comparison !== null)),
  );
  const heading = model.comparison
    ? ` is surest where it is wrong and ${reference} right`
    : " is surest where it is wrong";
  return html`<h3 class="after">${modelName(model.name, m)}${heading}</h3><ul class="gallery">${cards}</ul>`;
}

async function card(report: EvaluationReport, sample: JudgedSample, isCompared: boolean): Promise<Markup> {
  const { pixelsOf, textOf, image, evaluation } = report;
  const { classes, kind } = evaluation.data;
  const name = (k: number) => classes[k] ?? `class ${k}`;
  const { label, predicted, confidence, reference, index } = sample;
  const picture =
    pixelsOf &&
    html`<img src="${await imageUri(pixelsOf(index), image)}" width="64" height="64" alt="${`${kind} ${index}, true class ${name(label)}`}">`;
  return html`<li>${picture}<div><strong>${name(label)}</strong><span>taken for ${name(predicted)} (${percent(confidence)})${
    isCompared && html`<br>${evaluation.reference} says ${name(reference.predicted)} (${percent(reference.confidence)})`
  }<br>${kind} ${count(index)}${textOf && html`: “${textOf(index)}”`}${rowNumbers(report, index)}</span></div></li>`;
}
