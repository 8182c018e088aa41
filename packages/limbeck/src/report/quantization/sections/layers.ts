import type { LayerLoss, QuantizationRecord } from "../../../quantize/quantization.js";
import { bytes, count, NOTHING, percent, plural, significant } from "../../format.js";
import { html, type Markup, scrolling } from "../../html.js";
import { decibels } from "../texts.js";

/** Layers that lie open, the worst. */
const MOST_OPEN = 12;
const WIDTH = 1040;
const HEIGHT = 260;
const FRAME = { left: 52, right: 4, top: 12, bottom: 26 };

/** What quantizing each layer alone does: a chart in the order in which they run, and a table, the worst first. */
export function layersSection({ layers, layerSamples, ranges }: QuantizationRecord): Markup | false {
  if (layers.length === 0) return false;
  const isMeasured = layers.some(({ sqnr }) => sqnr !== undefined);
  const table = (shown: readonly LayerLoss[]) =>
    scrolling(
      "Layers",
      html`<table class="layers"><thead><tr><th scope="col">Layer</th><th scope="col">Operator</th><th scope="col">Weights</th>
${isMeasured && html`<th scope="col">Size, before and after</th><th scope="col">SQNR</th><th scope="col">Answers changed</th>`}
<th scope="col">Range of its input</th></tr></thead>
<tbody>${shown.map((layer) => row(layer, ranges[layer.input], isMeasured))}</tbody></table>`,
    );
  const isLong = layers.length > MOST_OPEN;
  return html`<section aria-labelledby="layers"><h2 id="layers">Which layers hurt</h2>
${
  isMeasured
    ? html`<p>Each layer was quantized alone, and the model asked about ${plural(layerSamples, "held-out sample")}. The signal-to-quantization-noise ratio (SQNR) is
the mean square of the outputs over that of the differences, in decibels: 10 fewer are ten times the noise. Short bars hurt most.</p>
${scrolling("SQNR of the layers", chart(layers))}`
    : html`<p>Layers were not measured one by one: that takes samples (--data), and is left out by --no-layers.</p>`
}
${table(isLong ? layers.slice(0, MOST_OPEN) : layers)}
${isLong && html`<details class="print"><summary>All ${count(layers.length)} layers</summary>${table(layers)}</details>`}</section>`;
}

function row(layer: LayerLoss, range: { min: number; max: number } | undefined, isMeasured: boolean): Markup {
  const { name, operator, weights, quantized, sqnr, agreement, bytes: size } = layer;
  return html`<tr><th scope="row">${name}${!quantized && html` <small class="left">stays in floating point</small>`}</th><td>${operator}</td><td>${count(weights)}</td>
${
  isMeasured &&
  html`<td>${size ? `${bytes(size.before)} → ${bytes(size.after)}` : NOTHING}</td><td>${sqnr === undefined ? NOTHING : decibels(sqnr)}</td>
<td>${agreement === undefined ? NOTHING : percent(1 - agreement)}</td>`
}
<td>${range ? `${significant(range.min)} … ${significant(range.max)}` : NOTHING}</td></tr>`;
}

function chart(layers: readonly LayerLoss[]): Markup {
  const measured = layers.filter(({ sqnr }) => sqnr !== undefined).sort((a, b) => a.place - b.place);
  const top = 10 * Math.ceil(Math.max(10, ...measured.map(({ sqnr }) => sqnr ?? 0)) / 10);
  const step = top > 60 ? 20 : 10;
  const bottom = HEIGHT - FRAME.bottom;
  const y = (value: number) => Math.round((bottom - (Math.max(0, value) / top) * (bottom - FRAME.top)) * 10) / 10;
  const pitch = (WIDTH - FRAME.left - FRAME.right) / measured.length;
  const width = Math.round(Math.min(48, Math.max(1, pitch * 0.72)) * 100) / 100;
  const levels = Array.from({ length: Math.floor(top / step) + 1 }, (_, i) => i * step);
  const worst = [...measured].sort((a, b) => (a.sqnr ?? top) - (b.sqnr ?? top))[0]!;
  const label = `SQNR of ${plural(measured.length, "layer")} in the order in which they run; least, ${decibels(worst.sqnr!)}, for ${worst.name}`;
  return html`<svg class="profile" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">
${levels.map(
  (value) => html`<line class="grid" x1="${FRAME.left}" x2="${WIDTH - FRAME.right}" y1="${y(value)}" y2="${y(value)}"/>
<text class="end" x="${FRAME.left - 8}" y="${y(value) + 4}">${value}${value > 0 && " dB"}</text>`,
)}
${measured.map(({ name, sqnr, quantized }, i) => {
  const x = Math.round((FRAME.left + pitch * (i + 0.5) - width / 2) * 10) / 10;
  const at = y(sqnr ?? top);
  return html`<rect class="bar${!quantized && " left"}" x="${x}" y="${at}" width="${width}" height="${Math.max(1, bottom - at).toFixed(1)}"><title>${name}: ${decibels(sqnr!)}${!quantized && ", stays in floating point"}</title></rect>`;
})}
<text class="middle" x="${(WIDTH + FRAME.left) / 2}" y="${HEIGHT - 6}">layers in the order in which they run</text></svg>`;
}
