import type { CorrectedResult, ModelResult, VariantResult } from "../../evaluate/results.js";
import { mean, spread } from "../../evaluate/statistics.js";
import { armName } from "../arms.js";
import type { ReportData } from "../data.js";
import { shortNoise, signedDifference } from "../difference.js";
import { bytes, count, errorsText, NOTHING, percent, plusMinus } from "../format.js";
import { html, type Markup, scrolling } from "../html.js";
import { schedules } from "../patience.js";

type Corrected = VariantResult & { readonly corrected: CorrectedResult };

/** Variants other than a plain change of schedule, and what correcting biases did; nothing where there are none. */
export function variantsSection(data: ReportData): Markup | null {
  const patient = new Set(schedules(data).map((schedule) => schedule.student));
  const variants = data.results.variants.filter(
    ({ student, corrected }) => corrected !== null || !patient.has(student),
  );
  if (variants.length === 0) return null;
  const corrected = variants.filter((variant): variant is Corrected => variant.corrected !== null);
  return html`<section aria-labelledby="variants"><h2 id="variants">Other variants</h2>
<p>The same student and teacher under other conditions. Errors are means over seeds, on the same test samples.</p>
${scrolling("Variants", variantTable(data, variants))}
${corrected.length > 0 && correction(corrected)}</section>`;
}

function variantTable({ results, epochs, data }: ReportData, variants: readonly VariantResult[]): Markup {
  const main = { ...results, name: "This run", description: "the main comparison, for reference", epochs };
  return html`<table><caption>Test errors of each variant.</caption>
<thead><tr><th scope="col">Variant</th><th scope="col">Epochs</th><th scope="col">Samples<small>to learn from</small></th>
<th scope="col">${armName("student")}</th><th scope="col">${armName("baseline")}</th><th scope="col" class="difference">Fewer errors<small>by distillation</small></th></tr></thead>
<tbody>${variantRow({ ...main, transferSize: data.transfer })}${variants.map((variant) => variantRow(variant))}</tbody></table>`;
}

function variantRow(variant: Omit<VariantResult, "corrected" | "onlyEpochsDiffer">): Markup {
  const { name, description, epochs, transferSize, student, baseline, verdict } = variant;
  return html`<tr><th scope="row" class="text">${name}<small>${description}</small></th><td>${count(epochs)}</td>
<td>${count(transferSize)}</td><td>${errorsText(student.errors)}${sizeOf(student)}</td><td>${baseline ? errorsText(baseline.errors) : NOTHING}</td>
<td>${verdict ? html`${signedDifference(verdict.difference)}<small>${shortNoise(verdict)}</small>` : NOTHING}</td></tr>`;
}

/** Where students get smaller while they learn, variants differ in size as well. */
function sizeOf({ compression }: ModelResult): Markup | undefined {
  if (!compression) return undefined;
  const { compressedBytes, zeros } = compression;
  return html`<small>${bytes(compressedBytes)} after gzip${zeros > 0 && `, ${percent(zeros)} zeros`}</small>`;
}

function correction(variants: readonly Corrected[]): Markup {
  return html`<h3 class="after">Corrected for absent classes</h3>
<p>A student that never meets a class learns to give it too little probability. Much of what it lacks is not knowledge but one
number, the bias of that class. Raising the biases of the absent classes until they are as frequent as with the teacher shows how much
it had learned about them from the teacher's answers alone (Hinton et al. 2015, section 3).</p>
${scrolling("Corrected variants", correctionTable(variants))}`;
}

function correctionTable(variants: readonly Corrected[]): Markup {
  return html`<table><caption>The student before and after the correction.</caption>
<thead><tr><th scope="col" rowspan="2">Variant</th><th scope="col" rowspan="2">Bias offset</th>
<th scope="colgroup" colspan="2">All test errors</th><th scope="colgroup" colspan="2">Errors on absent classes</th></tr>
<tr><th scope="col" class="inner">before</th><th scope="col">after</th><th scope="col">before</th><th scope="col">after</th></tr></thead>
<tbody>${variants.map(correctionRow)}</tbody></table>`;
}

function correctionRow({ name, student, corrected }: Corrected): Markup {
  const { offsets, errors, absent } = corrected;
  const sign = mean(offsets) > 0 ? "+" : "";
  return html`<tr><th scope="row" class="text">${name}</th><td>${sign}${plusMinus(spread(offsets), 2)}</td>
<td>${errorsText(student.errors)}</td><td><strong>${errorsText(errors)}</strong></td>
<td>${errorsText(absent.before)}<small>of ${count(absent.size)}</small></td>
<td><strong>${errorsText(absent.after)}</strong><small>of ${count(absent.size)}</small></td></tr>`;
}
