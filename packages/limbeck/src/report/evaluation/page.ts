import { THEME_CLIENT } from "../client.js";
import { html } from "../html.js";
import { renderPage } from "../page.js";
import type { EvaluationReport } from "./data.js";
import { reliabilityDiagrams } from "./sections/calibration.js";
import { classesSection } from "./sections/classes.js";
import { forgottenSection } from "./sections/forgotten.js";
import { measuresSection } from "./sections/measures.js";
import { frontSection, overviewSection } from "./sections/overview.js";
import { robustnessCharts } from "./sections/robustness.js";
import { settingSection } from "./sections/setting.js";
import { EVALUATION_STYLES } from "./styles.js";

/** Renders an evaluation as one HTML file that needs nothing else. All of its text is escaped. */
export async function renderEvaluation(report: EvaluationReport): Promise<string> {
  const { evaluation } = report;
  const { environment, models, reference } = evaluation;
  const body = html`${overviewSection(evaluation)}
<main>${measuresSection(evaluation, "Quality", { id: "quality", heading: "Quality" })}
${measuresSection(evaluation, `Beside ${reference}`, { id: "beside", heading: `Beside ${reference}` })}
${frontSection(evaluation)}
${await forgottenSection(report)}
${classesSection(evaluation)}
${measuresSection(evaluation, "Calibration", { id: "calibration", heading: "Calibration", before: reliabilityDiagrams(evaluation) })}
${measuresSection(evaluation, "Accuracy on changed images", { id: "robustness", heading: "Robustness", before: robustnessCharts(evaluation) })}
${measuresSection(evaluation, "Cost", { id: "cost", heading: "Cost" })}
${settingSection(evaluation)}</main>
<footer>Written by Limbeck ${environment.limbeck}.</footer>`;
  const names = models.map(({ name }) => name).join(", ");
  return renderPage({
    title: `${names}: evaluation`,
    limbeck: environment.limbeck,
    styles: EVALUATION_STYLES,
    body,
    scripts: [THEME_CLIENT],
  });
}
