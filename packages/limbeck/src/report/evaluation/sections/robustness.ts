import type { Evaluation } from "../../../evaluate/evaluation.js";
import { count, percent } from "../../format.js";
import { html, type Markup } from "../../html.js";
import { colorOf, modelName } from "../names.js";

const WIDTH = 240;
const HEIGHT = 170;
const FRAME = { left: 40, right: 8, top: 8, bottom: 22 };

/** A model's figure on images as they are, and on changed ones. */
export interface ChangedModel {
  readonly name: string;
  /** Its place among all models. */
  readonly m: number;
  readonly clean: number;
  readonly changes: readonly {
    readonly name: string;
    readonly severities: readonly { readonly strength: string; readonly value: number }[];
  }[];
}

/** Accuracy on changed images; nothing where robustness was not measured. */
export function robustnessCharts({ models }: Evaluation): Markup | false {
  const measured = models.flatMap(({ name, robustness }, m) => (robustness ? [{ name, m, ...robustness }] : []));
  const lines = measured.map(({ changes, ...model }) => ({
    ...model,
    changes: changes.map(({ name, severities }) => ({
      name,
      severities: severities.map(({ strength, accuracy }) => ({ strength, value: accuracy })),
    })),
  }));
  const what = `Accuracy on ${count(measured[0]?.samples ?? 0)} images`;
  return changeCharts(lines, {
    text: `${what}, changed in five ways, from not at all to strongly. All models see the same images.`,
    label: "Accuracy",
    format: percent,
  });
}

interface ChartTexts {
  readonly text: string;
  /** What the figure is called. */
  readonly label: string;
  readonly format: (value: number, decimals: number) => string;
}

/** A small chart for each change, with a line for each model; nothing without any. */
export function changeCharts(models: readonly ChangedModel[], { text, label, format }: ChartTexts): Markup | false {
  const [first] = models;
  if (!first) return false;
  const lowest = Math.min(
    ...models.flatMap(({ changes }) => changes.flatMap(({ severities }) => severities.map(({ value }) => value))),
  );
  const base = Math.floor(Math.min(lowest, 0.9) * 10) / 10;
  return html`<p>${text}</p>
<p class="legend">${models.map(({ name, m }) => modelName(name, m))}</p>
<div class="diagrams">${first.changes.map(({ name, severities }, i) => {
    const lines = models.map(({ m, clean, changes }) => ({
      m,
      values: [clean, ...changes[i]!.severities.map(({ value }) => value)],
    }));
    return html`<figure><h3>${name[0]!.toUpperCase() + name.slice(1)}</h3>${chart(`${label} under ${name}`, lines, base, format)}
<figcaption>${severities.map(({ strength }) => strength).join(", ")}</figcaption></figure>`;
  })}</div>`;
}

interface Line {
  readonly m: number;
  readonly values: readonly number[];
}

function chart(label: string, lines: readonly Line[], base: number, format: ChartTexts["format"]): Markup {
  const steps = lines[0]!.values.length - 1;
  const x = (step: number) => Math.round(FRAME.left + (step / steps) * (WIDTH - FRAME.left - FRAME.right));
  const y = (share: number) => {
    const part = (share - base) / (1 - base);
    return Math.round((HEIGHT - FRAME.bottom - part * (HEIGHT - FRAME.top - FRAME.bottom)) * 10) / 10;
  };
  const levels = [0, 1, 2, 3, 4].map((i) => base + ((1 - base) * i) / 4);
  return html`<svg class="diagram" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">
${levels.map(
  (share) => html`<line class="grid" x1="${FRAME.left}" x2="${WIDTH - FRAME.right}" y1="${y(share)}" y2="${y(share)}"/>
<text class="end" x="${FRAME.left - 6}" y="${y(share) + 4}">${format(share, 0)}</text>`,
)}
${Array.from({ length: steps + 1 }, (_, step) => html`<text class="middle" x="${x(step)}" y="${HEIGHT - 5}">${step === 0 ? "none" : step}</text>`)}
${lines.map(
  ({
    m,
    values,
  }) => html`<g class="${colorOf(m)}"><polyline class="line" points="${values.map((value, step) => `${x(step)},${y(value)}`).join(" ")}"/>
${values.map((value, step) => html`<circle class="dot" cx="${x(step)}" cy="${y(value)}" r="3"><title>${format(value, 1)}</title></circle>`)}</g>`,
)}</svg>`;
}
