import type { EvaluatedModel, Evaluation } from "../../../evaluate/evaluation.js";
import { count, plural } from "../../format.js";
import { html, type Markup } from "../../html.js";
import { modelName } from "../names.js";

/** What of an evaluation does not depend on what models answer with. */
type Measured = Pick<Evaluation, "data" | "settings" | "environment" | "reference"> & {
  readonly models: readonly (Pick<EvaluatedModel, "name" | "path" | "sha256" | "cost"> & {
    readonly answers: string;
  })[];
};

/** What was evaluated, by what, and how to have it again. */
export function settingSection({ models, data, settings, environment, reference }: Measured): Markup {
  const facts: readonly (readonly [string, string])[] = [
    ["Samples", `${count(data.samples)} of ${data.source}`],
    ["Reference", reference],
    ["Seed", String(settings.seed)],
    ["Bootstrap", `${plural(settings.resamples, "draw")}, percentile intervals`],
    ["Left out", settings.skip.join(", ")],
    ["Limbeck", environment.limbeck],
    ["Node.js", environment.node],
    ["ONNX Runtime", environment.onnxruntime],
    ["Processor", `${environment.cpu}, ${plural(settings.threads, "thread")} (${environment.platform})`],
  ];
  return html`<section aria-labelledby="setting"><h2 id="setting">How it was measured</h2>
<dl class="facts">${facts.filter(([, value]) => value !== "").map(([term, value]) => html`<dt>${term}</dt><dd>${value}</dd>`)}</dl>
<h3>The files</h3>
<dl class="facts">${models.map(
    ({ name, path, sha256, answers, cost }, m) => html`<dt>${modelName(name, m)}</dt>
<dd>${path}<br><span class="small muted">sha256 ${sha256}; answers with ${answers === "embedding" ? "an embedding" : answers}${cost?.note && `. ${cost.note}`}</span></dd>`,
  )}</dl></section>`;
}
