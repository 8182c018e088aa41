import type { QuantizationRecord } from "../../../quantize/quantization.js";
import { plural } from "../../format.js";
import { html, type Markup } from "../../html.js";

/** What was quantized, by what, and how. */
export function settingSection(record: QuantizationRecord): Markup {
  const { file, data, calibrated, closeness, options, environment, format } = record;
  const facts: readonly (readonly [string, string])[] = [
    ["File", file.path],
    ["SHA-256", file.sha256],
    ["Format", format],
    [
      "Options",
      Object.entries(options)
        .map(([name, value]) => `${name} ${value}`)
        .join(", "),
    ],
    ["Samples", data ?? "none"],
    ["Calibration", calibrated > 0 ? plural(calibrated, "training sample") : ""],
    ["Comparison", closeness ? plural(closeness.samples, "held-out sample") : ""],
    ["Limbeck", environment.limbeck],
    ["Node.js", environment.node],
    ["ONNX Runtime", environment.onnxruntime],
    ["Processor", `${environment.cpu} (${environment.platform})`],
  ];
  return html`<section aria-labelledby="setting"><h2 id="setting">How it was measured</h2>
<dl class="facts">${facts.filter(([, value]) => value !== "").map(([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>`)}</dl></section>`;
}
