import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { CLIENT } from "./client.js";
import type { ReportData } from "./data.js";
import { html, type Markup } from "./html.js";
import { renderPage } from "./page.js";
import { chosenSection } from "./sections/chosen.js";
import { confusionSection } from "./sections/confusion.js";
import { curvesSection } from "./sections/curves.js";
import { darkKnowledgeSection } from "./sections/dark-knowledge.js";
import { dataSection } from "./sections/data.js";
import { exitsSection } from "./sections/exits.js";
import { featuresSection } from "./sections/features.js";
import { generatedSection } from "./sections/generated.js";
import { helpersSection } from "./sections/helpers.js";
import { modelsSection } from "./sections/models.js";
import { patienceSection } from "./sections/patience.js";
import { peersSection } from "./sections/peers.js";
import { reproduceSection } from "./sections/reproduce.js";
import { variantsSection } from "./sections/variants.js";
import { verdictSection } from "./sections/verdict.js";

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
    html`<main>${modelsSection(data)}${helpersSection(data)}${peersSection(data)}${exitsSection(data)}${featuresSection(data)}${chosenSection(data)}${await generatedSection(data)}${curvesSection(data)}${patienceSection(data)}${variantsSection(data)}${await darkKnowledgeSection(data)}${confusionSection(data)}${await dataSection(data)}${reproduceSection(data)}</main>`,
  ];
  return renderPage({
    title: `${data.name}: distillation report`,
    limbeck: data.environment.limbeck,
    styles: chartStyles,
    body: html`${sections}
${footer(data)}`,
    scripts: [`/*!\n${chartLicense.trim()}\n*/\n${chartScript}`, CLIENT],
  });
}

function footer({ environment }: ReportData): Markup {
  return html`<footer>Written by Limbeck ${environment.limbeck}. Charts: uPlot, MIT license.</footer>`;
}

function asset(specifier: string): Promise<string> {
  return readFile(createRequire(import.meta.url).resolve(specifier), "utf8");
}
