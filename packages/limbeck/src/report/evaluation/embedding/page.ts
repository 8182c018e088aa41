import type { EmbeddedModel, EmbeddingEvaluation } from "../../../evaluate/embedding/evaluation.js";
import { embeddingVerdict } from "../../../evaluate/embedding/verdict.js";
import { THEME_CLIENT } from "../../client.js";
import { count, fixed, plural } from "../../format.js";
import { html, type Markup } from "../../html.js";
import { renderPage } from "../../page.js";
import type { EvaluationReport } from "../data.js";
import { modelName } from "../names.js";
import { frontSection } from "../sections/front.js";
import { measuresSection } from "../sections/measures.js";
import { type ChangedModel, changeCharts } from "../sections/robustness.js";
import { settingSection } from "../sections/setting.js";
import { titleOf, unbroken } from "../sections/title.js";
import { EVALUATION_STYLES } from "../styles.js";
import { embeddingGroups, titles } from "./measures.js";
import { movedSection } from "./moved.js";

/** Renders an evaluation of embeddings as one HTML file that needs nothing else. All of its text is escaped. */
export async function renderEmbeddingEvaluation(report: EvaluationReport<EmbeddingEvaluation>): Promise<string> {
  const { evaluation } = report;
  const { environment, models, reference } = evaluation;
  const tables = { models, groups: embeddingGroups(evaluation) };
  const beside = titles.beside(reference);
  const body = html`${overview(evaluation)}
<main>${measuresSection(tables, titles.embeddings, { id: "quality", heading: "Embeddings" })}
${measuresSection(tables, beside, { id: "beside", heading: beside })}
${front(evaluation)}
${await movedSection(report)}
${measuresSection(tables, titles.changed, { id: "robustness", heading: "Robustness", before: charts(evaluation) })}
${measuresSection(tables, titles.cost, { id: "cost", heading: "Cost" })}
${settingSection(evaluation)}</main>
<footer>Written by Limbeck ${environment.limbeck}.</footer>`;
  return renderPage({
    title: `${models.map(({ name }) => name).join(", ")}: evaluation`,
    limbeck: environment.limbeck,
    styles: EVALUATION_STYLES,
    body,
    scripts: [THEME_CLIENT],
  });
}

function overview(evaluation: EmbeddingEvaluation): Markup {
  const { data, models, reference } = evaluation;
  const verdicts = models.flatMap((model) => {
    const verdict = embeddingVerdict(model, evaluation);
    return verdict ? [{ ...verdict, name: model.name }] : [];
  });
  const lead = verdicts[0]?.likeness ?? `${models[0]!.name} answers with ${plural(models[0]!.dimensions, "number")}.`;
  const sentences = verdicts
    // The first sentence of the list stands alone: what it speaks of is the headline's.
    .map(({ likeness, classes: told, name }, i) =>
      i > 0 ? [likeness, told ?? ""].join(" ").trim() : (told ?? "").replace(/^Its/, `${name}'s`),
    )
    .filter((text) => text !== "");
  const classes = data.classes.length > 0 ? `${count(data.classes.length)} classes` : "without classes";
  const place = models.findIndex(({ name }) => name === reference);
  return html`<header>${titleOf(models)}
<p class="verdict">${unbroken(lead)}</p>
<p class="muted">${plural(data.samples, data.kind)} of ${data.source}, ${classes}. Brackets hold 95% confidence intervals.${
    verdicts.length > 0 && html` The reference is ${modelName(reference, place)}.`
  }</p>
${sentences.length > 0 && html`<ul class="sentences">${sentences.map((sentence) => html`<li>${unbroken(sentence)}</li>`)}</ul>`}
</header>`;
}

/** By classes where they are known, else by neighbors, of which the reference finds all. */
function front({ models, reference }: EmbeddingEvaluation): Markup | false {
  const isOfClasses = models.every(({ neighbors }) => neighbors);
  const quality = ({ neighbors, comparison }: EmbeddedModel) =>
    isOfClasses ? neighbors!.accuracy.value : comparison ? comparison.recall10?.value : 1;
  const points = models.flatMap((model) => {
    const found = quality(model);
    return found === undefined ? [] : [{ name: model.name, quality: found, cost: model.cost }];
  });
  return frontSection(points, isOfClasses ? "k-NN accuracy" : `Ten nearest by ${reference}, found`);
}

function charts({ models, reference }: EmbeddingEvaluation): Markup | false {
  const measured = models.flatMap(({ name, robustness }, m) => (robustness ? [{ name, m, ...robustness }] : []));
  const samples = count(measured[0]?.samples ?? 0);
  const format = (value: number) => fixed(value, 2);
  const toReference = measured.flatMap((model) => (model.clean === null ? [] : [lineOf(model, model.clean, "cosine")]));
  const beside = changeCharts(toReference, {
    text: `Mean cosine to ${reference}, which sees the same ${samples} images, changed in five ways, from not at all to strongly.`,
    label: `Cosine to ${reference}`,
    format,
  });
  const own = changeCharts(
    measured.map((model) => lineOf(model, 1, "kept")),
    {
      text: "Mean cosine of each model's embeddings to its own of the images as they are.",
      label: "Cosine to itself",
      format,
    },
  );
  return own && html`${beside}${own}`;
}

type Measured = Pick<EmbeddedModel, "name"> & { readonly m: number } & NonNullable<EmbeddedModel["robustness"]>;

function lineOf({ name, m, changes }: Measured, clean: number, figure: "cosine" | "kept"): ChangedModel {
  return {
    name,
    m,
    clean,
    changes: changes.map(({ name: change, severities }) => ({
      name: change,
      severities: severities.map((one) => ({ strength: one.strength, value: one[figure]! })),
    })),
  };
}
