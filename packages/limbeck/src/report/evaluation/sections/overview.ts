import type { Evaluation } from "../../../evaluate/evaluation.js";
import { evaluationVerdict } from "../../../evaluate/evaluation-verdict.js";
import { count, percent, plural } from "../../format.js";
import { html, type Markup } from "../../html.js";
import { modelName } from "../names.js";
import { titleOf, unbroken } from "./title.js";

/** Title, what was asked, and a sentence or two for each model. */
export function overviewSection(evaluation: Evaluation): Markup {
  const { data, models, reference } = evaluation;
  const verdicts = models.flatMap((model, m) => {
    const verdict = evaluationVerdict(model, evaluation);
    return verdict ? [{ ...verdict, m }] : [];
  });
  const [first] = models;
  const lead =
    verdicts[0]?.errors ??
    `${first!.name} gets ${percent(first!.task.accuracy.value)} of ${count(data.samples)} ${data.kind}s right.`;
  const classes = `${count(data.classes.length)} classes`;
  const place = models.findIndex(({ name }) => name === reference);
  return html`<header>${titleOf(models)}
<p class="verdict">${unbroken(lead)}</p>
<p class="muted">${plural(data.samples, data.kind)} of ${data.source}, ${classes}. Brackets hold 95% confidence intervals.${
    verdicts.length > 0 && html` The reference is ${modelName(reference, place)}.`
  }</p>
${verdicts.length > 0 && html`<ul class="sentences">${verdicts.map(({ errors, forgotten, m }, i) => html`<li>${i > 0 && `${unbroken(errors)} `}${forgottenText(models[m]!.name, forgotten, i)}</li>`)}</ul>`}
</header>`;
}

/** The first sentence of the list stands alone: what it speaks of is the headline's. */
function forgottenText(name: string, sentence: string, place: number): string {
  return place === 0 ? sentence.replace(/^It/, name) : sentence;
}
