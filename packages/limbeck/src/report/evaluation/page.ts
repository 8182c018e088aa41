import { THEME_CLIENT } from "../client.js";
import { html } from "../html.js";
import { renderPage } from "../page.js";
import type { EvaluationReport } from "./data.js";
import { measureGroups } from "./measures.js";
import { reliabilityDiagrams } from "./sections/calibration.js";
import { classesSection } from "./sections/classes.js";
import { forgottenSection } from "./sections/forgotten.js";
import { frontSection } from "./sections/front.js";
import { measuresSection } from "./sections/measures.js";
import { overviewSection } from "./sections/overview.js";
import { robustnessCharts } from "./sections/robustness.js";
import { settingSection } from "./sections/setting.js";
import { EVALUATION_STYLES } from "./styles.js";

/** Renders an evaluation as one HTML file that needs nothing else. All of its text is escaped. */
export async function renderEvaluation(report: EvaluationReport): Promise<string> {
  const { evaluation } = report;
  const { environment, models, reference } = evaluation;
  const tables = { models, groups: measureGroups(evaluation) };
  const points = models.map(({ name, task, cost }) => ({ name, quality: task.accuracy.value, cost }));
  const body = html`${overviewSection(evaluation)}
<main>${measuresSection(tables, "Quality", { id: "quality", heading: "Quality" })}
${measuresSection(tables, `Beside ${reference}`, { id: "beside", heading: `Beside ${reference}` })}
${frontSection(points, "Accuracy")}
${await forgottenSection(report)}
${classesSection(evaluation)}
${measuresSection(tables, "Calibration", { id: "calibration", heading: "Calibration", before: reliabilityDiagrams(evaluation) })}
${measuresSection(tables, "Accuracy on changed images", { id: "robustness", heading: "Robustness", before: robustnessCharts(evaluation) })}
${measuresSection(tables, "Cost", { id: "cost", heading: "Cost" })}
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
