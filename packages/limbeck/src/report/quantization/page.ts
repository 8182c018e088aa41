import type { QuantizationRecord } from "../../quantize/quantization.js";
import { THEME_CLIENT } from "../client.js";
import { html } from "../html.js";
import { renderPage } from "../page.js";
import { figuresSection } from "./sections/figures.js";
import { layersSection } from "./sections/layers.js";
import { overviewSection } from "./sections/overview.js";
import { rangesSection } from "./sections/ranges.js";
import { settingSection } from "./sections/setting.js";
import { QUANTIZATION_STYLES } from "./styles.js";

/** Renders what quantizing a file came to as one HTML file that needs nothing else. All of its text is escaped. */
export function renderQuantization(record: QuantizationRecord): string {
  const { file, format, environment } = record;
  return renderPage({
    title: `${file.path} in ${format}`,
    limbeck: environment.limbeck,
    styles: QUANTIZATION_STYLES,
    body: html`${overviewSection(record)}
<main>${figuresSection(record)}
${layersSection(record)}
${rangesSection(record)}
${settingSection(record)}</main>
<footer>Written by Limbeck ${environment.limbeck}.</footer>`,
    scripts: [THEME_CLIENT],
  });
}
