import type { Evaluation } from "../../../evaluate/evaluation.js";
import { evaluationVerdict } from "../../../evaluate/evaluation-verdict.js";
import { bytes, count, milliseconds, percent, plural } from "../../format.js";
import { html, type Markup } from "../../html.js";
import { scatter } from "../../scatter.js";
import { modelName } from "../names.js";

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
  return html`<header>
<div class="top">
<div><h1>${models.length === 1 ? first!.name : `${count(models.length)} models compared`}</h1><p class="small muted">Limbeck evaluation</p></div>
<button type="button" id="theme" hidden>Dark colors</button>
</div>
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

/** Keeps a figure on one line. */
function unbroken(sentence: string): string {
  return sentence.replaceAll(/ ([<=]) /g, "\u00a0$1\u00a0");
}

/** Accuracy against size and time; nothing where there are too few models or no cost. */
export function frontSection({ models }: Evaluation): Markup | false {
  const known = models.flatMap(({ name, task, cost }) => (cost ? [{ name, y: task.accuracy.value, cost }] : []));
  if (known.length < 2) return false;
  const plot = (
    title: string,
    format: (value: number) => string,
    x: (cost: (typeof known)[number]["cost"]) => number,
  ) =>
    scatter(
      known.map(({ name, y, cost }) => ({ name, x: x(cost), y, isFilled: true, isFront: false })),
      {
        label: `Accuracy against ${title.toLowerCase()}`,
        xTitle: title,
        yTitle: "Accuracy",
        formatX: format,
        formatY: (value) => percent(value),
        levels: [],
      },
    );
  return html`<section aria-labelledby="front"><h2 id="front">Quality against size and time</h2>
${plot("Size of the file", bytes, (cost) => cost.bytes)}
${plot("Median time of one sample, one thread", milliseconds, (cost) => cost.latency[0]!.p50Ms)}</section>`;
}
