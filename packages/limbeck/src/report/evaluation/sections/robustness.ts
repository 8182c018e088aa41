import type { Evaluation } from "../../../evaluate/evaluation.js";
import { count, percent } from "../../format.js";
import { html, type Markup } from "../../html.js";
import { colorOf, modelName } from "../names.js";

const WIDTH = 240;
const HEIGHT = 170;
const FRAME = { left: 40, right: 8, top: 8, bottom: 22 };

/** A small chart for each change, with a line for each model; nothing where robustness was not measured. */
export function robustnessCharts({ models }: Evaluation): Markup | false {
  const measured = models.flatMap((model, m) =>
    model.robustness ? [{ name: model.name, m, found: model.robustness }] : [],
  );
  const first = measured[0];
  if (!first) return false;
  const lowest = Math.min(
    ...measured.flatMap(({ found }) =>
      found.changes.flatMap(({ severities }) => severities.map((one) => one.accuracy)),
    ),
  );
  const base = Math.floor(Math.min(lowest, 0.9) * 10) / 10;
  return html`<p>Accuracy on ${count(first.found.samples)} images, changed in five ways, from not at all to strongly. All models see the same images.</p>
<p class="legend">${measured.map(({ name, m }) => modelName(name, m))}</p>
<div class="diagrams">${first.found.changes.map(({ name, severities }, i) => {
    const lines = measured.map(({ m, found }) => ({
      m,
      values: [found.clean, ...found.changes[i]!.severities.map(({ accuracy }) => accuracy)],
    }));
    return html`<figure><h3>${name[0]!.toUpperCase() + name.slice(1)}</h3>${chart(name, lines, base)}
<figcaption>${severities.map(({ strength }) => strength).join(", ")}</figcaption></figure>`;
  })}</div>`;
}

interface Line {
  readonly m: number;
  readonly values: readonly number[];
}

function chart(name: string, lines: readonly Line[], base: number): Markup {
  const steps = lines[0]!.values.length - 1;
  const x = (step: number) => Math.round(FRAME.left + (step / steps) * (WIDTH - FRAME.left - FRAME.right));
  const y = (share: number) => {
    const part = (share - base) / (1 - base);
    return Math.round((HEIGHT - FRAME.bottom - part * (HEIGHT - FRAME.top - FRAME.bottom)) * 10) / 10;
  };
  const levels = [0, 1, 2, 3, 4].map((i) => base + ((1 - base) * i) / 4);
  return html`<svg class="diagram" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Accuracy under ${name}">
${levels.map(
  (share) => html`<line class="grid" x1="${FRAME.left}" x2="${WIDTH - FRAME.right}" y1="${y(share)}" y2="${y(share)}"/>
<text class="end" x="${FRAME.left - 6}" y="${y(share) + 4}">${percent(share, 0)}</text>`,
)}
${Array.from({ length: steps + 1 }, (_, step) => html`<text class="middle" x="${x(step)}" y="${HEIGHT - 5}">${step === 0 ? "none" : step}</text>`)}
${lines.map(
  ({
    m,
    values,
  }) => html`<g class="${colorOf(m)}"><polyline class="line" points="${values.map((value, step) => `${x(step)},${y(value)}`).join(" ")}"/>
${values.map((value, step) => html`<circle class="dot" cx="${x(step)}" cy="${y(value)}" r="3"><title>${percent(value)}</title></circle>`)}</g>`,
)}</svg>`;
}
