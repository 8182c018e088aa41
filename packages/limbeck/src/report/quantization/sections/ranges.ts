import type { QuantizationRecord } from "../../../quantize/quantization.js";
import { plural, significant } from "../../format.js";
import { html, type Markup, scrolling } from "../../html.js";

/** Levels between the ends of a range. */
const STEPS = 255;

/** The ranges that calibration found; nothing where the format needs none. */
export function rangesSection({ ranges, calibrated, options }: QuantizationRecord): Markup | false {
  const found = Object.entries(ranges);
  if (found.length === 0) return false;
  const table = html`<table class="layers"><thead><tr><th scope="col">Value</th><th scope="col">Least</th><th scope="col">Largest</th><th scope="col">Step</th></tr></thead>
<tbody>${found.map(
    ([name, { min, max }]) =>
      html`<tr><th scope="row">${name}</th><td>${significant(min)}</td><td>${significant(max)}</td><td>${significant((Math.max(max, 0) - Math.min(min, 0)) / STEPS)}</td></tr>`,
  )}</tbody></table>`;
  return html`<section aria-labelledby="ranges"><h2 id="ranges">Ranges of values</h2>
<p>Found on ${plural(calibrated, "training sample")} by the method ${String(options.method ?? "minmax")}. A step is what two neighboring whole numbers stand for, with zero among them;
a value that only moves another's numbers has that one's step.</p>
<details class="print"><summary>${plural(found.length, "value")}</summary>${scrolling("Ranges of values", table)}</details></section>`;
}
