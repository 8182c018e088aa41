import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { CLIENT } from "./client.js";
import type { ReportData } from "./data.js";
import { html, type Markup, raw, script } from "./html.js";
import { chosenSection } from "./sections/chosen.js";
import { confusionSection } from "./sections/confusion.js";
import { curvesSection } from "./sections/curves.js";
import { darkKnowledgeSection } from "./sections/dark-knowledge.js";
import { generatedSection } from "./sections/generated.js";
import { helpersSection } from "./sections/helpers.js";
import { modelsSection } from "./sections/models.js";
import { patienceSection } from "./sections/patience.js";
import { peersSection } from "./sections/peers.js";
import { reproduceSection } from "./sections/reproduce.js";
import { variantsSection } from "./sections/variants.js";
import { verdictSection } from "./sections/verdict.js";
import { STYLES } from "./styles.js";
import { THEME_CSS } from "./theme.js";

/** Nothing may be fetched, whatever found its way into the page. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

/**
 * Renders a run's report as one HTML file that needs nothing else: no network, no server, no other file.
 * @param data everything that the report shows; all of its text is escaped.
 * @returns the document.
 */
export async function renderReport(data: ReportData): Promise<string> {
  const [chartScript, chartStyles, chartLicense] = await Promise.all([
    asset("uplot/dist/uPlot.iife.min.js"),
    asset("uplot/dist/uPlot.min.css"),
    asset("uplot/LICENSE"),
  ]);
  const sections = [
    verdictSection(data),
    html`<main>${modelsSection(data)}${helpersSection(data)}${peersSection(data)}${chosenSection(data)}${await generatedSection(data)}${curvesSection(data)}${patienceSection(data)}${variantsSection(data)}${await darkKnowledgeSection(data)}${confusionSection(data)}${reproduceSection(data)}</main>`,
  ];
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${raw(POLICY)}">
<meta name="generator" content="${`Limbeck ${data.environment.limbeck}`}">
<link rel="icon" href="data:,">
<title>${data.name}: distillation report</title>
<style>${raw(chartStyles)}${raw(THEME_CSS)}${raw(STYLES)}</style>
<noscript><style>.chart { display: none; }</style></noscript>
</head>
<body>
<div class="page">
${sections}
${footer(data)}
</div>
${script(`/*!\n${chartLicense.trim()}\n*/\n${chartScript}`)}
${script(CLIENT)}
</body>
</html>
`;
  return page.text;
}

function footer({ environment }: ReportData): Markup {
  return html`<footer>Written by Limbeck ${environment.limbeck}. Charts: uPlot, MIT license.</footer>`;
}

function asset(specifier: string): Promise<string> {
  return readFile(createRequire(import.meta.url).resolve(specifier), "utf8");
}
