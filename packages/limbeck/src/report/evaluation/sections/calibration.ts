import type { EvaluatedModel, Evaluation } from "../../../evaluate/evaluation.js";
import type { ReliabilityBin } from "../../../evaluate/metrics.js";
import { percent, plural, significant } from "../../format.js";
import { html, type Markup } from "../../html.js";
import { colorOf, modelName } from "../names.js";

const SIDE = 220;
const FRAME = { left: 40, right: 18, top: 8, bottom: 34 };
/** Height of the strip that shows where the samples are. */
const STRIP = 28;

/** A reliability diagram for each model, as it answers and with the fitted temperature. */
export function reliabilityDiagrams({ models }: Evaluation): Markup {
  const { fittedOn, testedOn } = models[0]!.calibration.scaled ?? { fittedOn: 0, testedOn: 0 };
  const halves =
    fittedOn > 0 &&
    html` Temperatures are fitted on ${plural(fittedOn, "sample")} that were drawn; diagrams and arrows are of the other ${plural(testedOn, "sample")}.`;
  return html`<p>Where a model is as right as it is sure, bars reach the dashed line: below it the model is too sure, above it not sure enough.
The line with dots is the same after temperature scaling, larger where there are more answers; the strip at the bottom shows how many answers are how sure.${halves}</p>
<div class="diagrams">${models.map(diagram)}</div>`;
}

function diagram({ name, calibration: { all, scaled } }: EvaluatedModel, m: number): Markup {
  const before = scaled?.before ?? all;
  const caption = scaled
    ? `ECE ${percent(scaled.before.ece, 2)}; ${percent(scaled.after.ece, 2)} with temperature ${significant(scaled.temperature)}`
    : `ECE ${percent(all.ece, 2)}`;
  const label = `Reliability diagram of ${name}. ${before.bins
    .filter(({ count }) => count > 0)
    .map(({ confidence, accuracy }) => `Confidence ${percent(confidence)}, accuracy ${percent(accuracy)}.`)
    .join(" ")}`;
  return html`<figure class="${colorOf(m)}"><h3>${modelName(name, m)}</h3>
<svg class="diagram" viewBox="0 0 ${SIDE} ${SIDE + STRIP}" role="img" aria-label="${label}">
${axes()}${before.bins.map(bar)}
<line class="ideal" x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}"/>
${scaled && curve(scaled.after.bins)}${strip(before.bins)}
</svg><figcaption>${caption}</figcaption></figure>`;
}

const round = (value: number) => Math.round(value * 10) / 10;
const x = (share: number) => round(FRAME.left + share * (SIDE - FRAME.left - FRAME.right));
const y = (share: number) => round(SIDE - FRAME.bottom - share * (SIDE - FRAME.top - FRAME.bottom));

function axes(): Markup[] {
  return [0, 0.25, 0.5, 0.75, 1].map(
    (share) => html`<line class="grid" x1="${x(0)}" x2="${x(1)}" y1="${y(share)}" y2="${y(share)}"/>
<text class="end" x="${FRAME.left - 6}" y="${y(share) + 4}">${share * 100}%</text>
<text class="middle" x="${x(share)}" y="${SIDE + STRIP - 4}">${share * 100}%</text>`,
  );
}

function bar({ low, high, count, accuracy }: ReliabilityBin): Markup | false {
  return (
    count > 0 &&
    html`<rect class="bar" x="${x(low) + 0.5}" width="${round(x(high) - x(low) - 1)}" y="${y(accuracy)}" height="${round(y(0) - y(accuracy))}"/>`
  );
}

function curve(bins: readonly ReliabilityBin[]): Markup {
  const known = bins.filter(({ count }) => count > 0);
  const points = known.map(({ confidence, accuracy }) => `${x(confidence)},${y(accuracy)}`).join(" ");
  const most = Math.max(...known.map(({ count }) => count));
  const radius = (count: number) => round(1.5 + 3 * Math.sqrt(count / most));
  return html`<polyline class="line thin" points="${points}"/>${known.map(
    ({ confidence, accuracy, count }) =>
      html`<circle class="dot" cx="${x(confidence)}" cy="${y(accuracy)}" r="${radius(count)}"/>`,
  )}`;
}

function strip(bins: readonly ReliabilityBin[]): (Markup | false)[] {
  const most = Math.max(...bins.map(({ count }) => count), 1);
  const bottom = SIDE + STRIP - FRAME.bottom + 14;
  return bins.map(({ low, high, count }) => {
    const height = round((count / most) * STRIP);
    return (
      count > 0 &&
      html`<rect class="count" x="${x(low) + 0.5}" width="${round(x(high) - x(low) - 1)}" y="${bottom - height}" height="${height}"/>`
    );
  });
}
