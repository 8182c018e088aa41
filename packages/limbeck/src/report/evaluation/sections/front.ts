import type { ModelCost } from "../../../evaluate/evaluation.js";
import { bytes, milliseconds, percent } from "../../format.js";
import { html, type Markup } from "../../html.js";
import { scatter } from "../../scatter.js";

/** A model, its quality as a share, and what it costs. */
interface Point {
  readonly name: string;
  readonly quality: number;
  readonly cost: ModelCost | null;
}

/** Quality against size and time; nothing where there are too few models or no cost. @param quality what it is called */
export function frontSection(points: readonly Point[], quality: string): Markup | false {
  const known = points.flatMap(({ cost, ...point }) => (cost ? [{ ...point, cost }] : []));
  if (known.length < 2) return false;
  const plot = (title: string, format: (value: number) => string, x: (cost: ModelCost) => number) =>
    scatter(
      known.map(({ name, quality: y, cost }) => ({ name, x: x(cost), y, isFilled: true, isFront: false })),
      {
        label: `${quality} against ${title.toLowerCase()}`,
        xTitle: title,
        yTitle: quality,
        formatX: format,
        formatY: (value) => percent(value),
        levels: [],
      },
    );
  return html`<section aria-labelledby="front"><h2 id="front">Quality against size and time</h2>
${plot("Size of the file", bytes, (cost) => cost.bytes)}
${plot("Median time of one sample, one thread", milliseconds, (cost) => cost.latency[0]!.p50Ms)}</section>`;
}
