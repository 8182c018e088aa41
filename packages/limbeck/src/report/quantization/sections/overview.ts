import { basename } from "node:path";
import type { QuantizationRecord } from "../../../quantize/quantization.js";
import { bytes, count, fixed, percent, plural, ratio } from "../../format.js";
import { html, type Markup } from "../../html.js";
import { decibels, halfNote, layersText } from "../texts.js";

/** Title, what came of it in a sentence, and the figures that matter most. */
export function overviewSection(record: QuantizationRecord): Markup {
  const { file, format, closeness, data, calibrated, layers } = record;
  const note = halfNote(record);
  const samples =
    closeness &&
    html`Compared on ${plural(closeness.samples, "held-out sample")} of ${data}. Brackets hold 95% confidence intervals.`;
  return html`<header>
<div class="top">
<div><h1>${basename(file.path)} in ${format}</h1><p class="small muted">Limbeck quantization</p></div>
<button type="button" id="theme" hidden>Dark colors</button>
</div>
<p class="verdict">${verdict(record)}</p>
<p class="muted">${layers.length > 0 && `${layersText(record)} `}${calibrated > 0 && `Ranges are those of ${plural(calibrated, "training sample")}. `}${samples}</p>
${note && html`<p>${note}</p>`}
<div class="tiles">${sizeTile(record)}${accuracyTile(record)}${answersTile(record)}</div>
</header>`;
}

function verdict({ bytes: size, closeness, format }: QuantizationRecord): string {
  const [factor, word] = ratio(size.before, size.after, ["smaller", "larger", "the same size"]);
  const small =
    word === "the same size" ? `In ${format} the file is no smaller` : `In ${format} the file is ${factor} ${word}`;
  if (!closeness) return `${small}. There were no samples to compare answers with.`;
  const same = `${percent(closeness.agreement.value)} of the answers stay the same`;
  if (!closeness.accuracy) return `${small}; ${same}.`;
  const { value, low, high } = closeness.accuracy.difference;
  if (value === 0) return `${small}; ${same}, and as many are right.`;
  const noise = low > 0 || high < 0 ? "more than chance explains" : "within what chance explains";
  return `${small}; ${same}, and accuracy ${value < 0 ? "falls" : "rises"} by ${points(Math.abs(value))}, ${noise}.`;
}

function points(value: number): string {
  const text = fixed(100 * value, 2);
  return `${text} ${text === "1.00" ? "point" : "points"}`;
}

function sizeTile({ bytes: size, compressed }: QuantizationRecord): Markup {
  return tile(
    "Size of the file",
    bytes(size.after),
    `was ${bytes(size.before)}; after gzip ${bytes(compressed.after)} instead of ${bytes(compressed.before)}`,
  );
}

function accuracyTile({ closeness }: QuantizationRecord): Markup | false {
  const accuracy = closeness?.accuracy;
  if (!accuracy) return false;
  const { before, after } = accuracy;
  return tile("Accuracy", percent(after.value, 2), `was ${percent(before.value, 2)} of ${count(closeness.samples)}`);
}

function answersTile({ closeness }: QuantizationRecord): Markup | false {
  if (!closeness) return false;
  return tile(
    "Same answer",
    percent(closeness.agreement.value, 2),
    `signal to quantization noise ${decibels(closeness.sqnr)}`,
  );
}

function tile(title: string, figure: string, text: string): Markup {
  return html`<div class="tile"><h2>${title}</h2><p class="figure">${figure}</p><p>${text}</p></div>`;
}
