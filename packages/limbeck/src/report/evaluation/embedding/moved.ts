import type { EmbeddedModel, EmbeddingEvaluation, Moved, MovedSample } from "../../../evaluate/embedding/evaluation.js";
import { count, fixed, percent } from "../../format.js";
import { html, type Markup } from "../../html.js";
import { imageUri } from "../../image.js";
import type { EvaluationReport } from "../data.js";
import { modelName } from "../names.js";
import { rowNumbers } from "../row-numbers.js";

type Report = EvaluationReport<EmbeddingEvaluation>;

/** Samples that are shown of each model. */
const SHOWN = 12;

/** The samples that moved most, as pictures, with their nearest neighbors; nothing where there is one model. */
export async function movedSection(report: Report): Promise<Markup | false> {
  const { models, reference } = report.evaluation;
  const galleries: (Markup | false)[] = [];
  for (const [m, model] of models.entries()) galleries.push(await galleryOf(report, model, m));
  if (!galleries.some(Boolean)) return false;
  const pictures = report.pixelsOf && ` Pictures: the sample, its nearest neighbor by ${reference}, and by the model.`;
  return html`<section aria-labelledby="moved"><h2 id="moved">What moved most</h2>
<p>Samples whose embedding is least like that by ${reference}.${pictures}</p>${galleries}</section>`;
}

async function galleryOf(report: Report, { comparison, name }: EmbeddedModel, m: number): Promise<Markup | false> {
  if (!comparison || comparison.moved.samples.length === 0) return false;
  const { by, samples } = comparison.moved;
  const cards = await Promise.all(samples.slice(0, SHOWN).map((sample) => card(report, sample, by)));
  const note = by === "cosine" ? "by the cosine" : "by how many of the ten nearest neighbors are found again";
  return html`<h3 class="after">${modelName(name, m)}, ${note}</h3><ul class="gallery trios">${cards}</ul>`;
}

async function card(report: Report, sample: MovedSample, by: Moved["by"]): Promise<Markup> {
  const { evaluation } = report;
  const { kind, classes } = evaluation.data;
  const { index, label, value, nearest, reference } = sample;
  const isSame = nearest === reference.nearest;
  const around =
    nearest === null || reference.nearest === null
      ? ""
      : isSame
        ? `nearest by both: ${kind} ${count(nearest)}`
        : `nearest by ${evaluation.reference}: ${kind} ${count(reference.nearest)}, by it: ${count(nearest)}`;
  const figure = by === "cosine" ? `cosine ${fixed(value, 3)}` : `${percent(value, 0)} found`;
  return html`<li>${await picturesOf(report, sample)}<div><strong>${figure}</strong><span>${label !== null && html`${classes[label]}<br>`}${kind} ${count(index)}${rowNumbers(report, index)}${around !== "" && html`<br>${around}`}</span></div></li>`;
}

async function picturesOf({ pixelsOf, image, evaluation }: Report, sample: MovedSample): Promise<Markup | false> {
  if (!pixelsOf) return false;
  const { index, nearest, reference } = sample;
  const all = [
    { of: index, what: "" },
    { of: reference.nearest, what: `, nearest by ${evaluation.reference}` },
    { of: nearest, what: ", nearest by the model" },
  ];
  const pictures: Markup[] = [];
  for (const { of, what } of all) {
    if (of === null) continue;
    const alt = `${evaluation.data.kind} ${of}${what}`;
    pictures.push(
      html`<img src="${await imageUri(pixelsOf(of), image)}" width="64" height="64" alt="${alt}" title="${alt}">`,
    );
  }
  return html`<div class="pair">${pictures}</div>`;
}
