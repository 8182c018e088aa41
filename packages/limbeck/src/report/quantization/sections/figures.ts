import type { QuantizationRecord } from "../../../quantize/quantization.js";
import { bytes, NOTHING, significant } from "../../format.js";
import { html, type Markup, scrolling } from "../../html.js";
import { decibels, points, share } from "../texts.js";

interface Figure {
  readonly label: string;
  readonly meaning: string;
  readonly before: string | null;
  readonly after: string;
}

/** All figures of the whole model, before and after. */
export function figuresSection(record: QuantizationRecord): Markup {
  const rows = figures(record).map(
    ({ label, meaning, before, after }) =>
      html`<tr><th scope="row">${label}<small>${meaning}</small></th><td>${before ?? NOTHING}</td><td>${after}</td></tr>`,
  );
  return html`<section aria-labelledby="figures"><h2 id="figures">Before and after</h2>
${scrolling(
  "Before and after",
  html`<table class="figures"><thead><tr><th scope="col"><span class="hidden">Measure</span></th><th scope="col">Before</th><th scope="col">${record.format}</th></tr></thead>
<tbody>${rows}</tbody></table>`,
)}</section>`;
}

function figures({ bytes: size, compressed, closeness }: QuantizationRecord): Figure[] {
  const accuracy = closeness?.accuracy;
  return [
    {
      label: "Size of the file",
      meaning: "1 KB is 1,000 bytes.",
      before: bytes(size.before),
      after: bytes(size.after),
    },
    {
      label: "After gzip",
      meaning: "What is sent to a browser.",
      before: bytes(compressed.before),
      after: bytes(compressed.after),
    },
    ...(accuracy
      ? [
          {
            label: "Accuracy",
            meaning: "Share of samples that get the right class. Wilson's interval.",
            before: share(accuracy.before),
            after: share(accuracy.after),
          },
          {
            label: "Difference in accuracy",
            meaning: "Both on the same draws of the bootstrap.",
            before: null,
            after: points(accuracy.difference),
          },
        ]
      : []),
    ...(closeness
      ? [
          {
            label: "Same answer",
            meaning: "Share of samples with the largest output in the same place, right or wrong. Wilson's interval.",
            before: null,
            after: share(closeness.agreement),
          },
          {
            label: "SQNR",
            meaning: "Signal to quantization noise: mean square of the outputs over that of the differences.",
            before: null,
            after: decibels(closeness.sqnr),
          },
          {
            label: "Largest difference",
            meaning: "Of any output of any sample.",
            before: null,
            after: significant(closeness.largest),
          },
        ]
      : []),
  ];
}
