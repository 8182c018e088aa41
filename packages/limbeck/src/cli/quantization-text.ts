import type { Estimate } from "../evaluate/intervals.js";
import type { LayerLoss, QuantizationReport } from "../quantize/quantization.js";
import { halfNote } from "../report/quantization/texts.js";
import { formatBytes, formatCount, formatTable, wrapText } from "./format.js";

/** Layers that are listed. */
const MOST_LAYERS = 10;

/** What quantizing came to, for a terminal. */
export function quantizationText(report: QuantizationReport): string {
  const { bytes, compressed, closeness, layers } = report;
  const accuracy = closeness?.accuracy;
  const rows = [
    ["", "before", report.format],
    ["file size", formatBytes(bytes.before), formatBytes(bytes.after)],
    ["after gzip", formatBytes(compressed.before), formatBytes(compressed.after)],
    ...(accuracy
      ? [
          ["accuracy", share(accuracy.before), share(accuracy.after)],
          ["difference", "", points(accuracy.difference)],
        ]
      : []),
    ...(closeness
      ? [
          ["same answer", "", share(closeness.agreement)],
          ["SQNR", "", decibels(closeness.sqnr)],
        ]
      : []),
  ];
  return [formatTable(rows), wrapText(notes(report).join(" "), "", "").join("\n"), ...hurting(layers)].join("\n\n");
}

function notes(report: QuantizationReport): string[] {
  const { layers, calibrated, closeness } = report;
  const half = halfNote(report);
  const quantized = layers.filter((layer) => layer.quantized).length;
  return [
    ...(half ? [half] : []),
    ...(layers.length > 0 ? [`${quantized} of ${layers.length} layers are quantized.`] : []),
    ...(calibrated > 0 ? [`Ranges are those of ${formatCount(calibrated)} training samples.`] : []),
    closeness
      ? `Compared on ${formatCount(closeness.samples)} held-out samples; brackets hold 95% confidence intervals.`
      : "There were no samples to compare with: --data names a recipe or run folder.",
  ];
}

/** Layers by what quantizing each alone does to the answers. */
function hurting(layers: readonly LayerLoss[]): string[] {
  const measured = layers.filter(({ sqnr }) => sqnr !== undefined);
  if (measured.length === 0) return [];
  const rows = measured
    .slice(0, MOST_LAYERS)
    .map(({ name, operator, weights, quantized, sqnr, agreement }) => [
      name,
      operator,
      formatCount(weights),
      decibels(sqnr!),
      percent(agreement!),
      quantized ? "" : "left as it is",
    ]);
  return [formatTable([["hurts most, alone", "operator", "weights", "SQNR", "same answer", ""], ...rows], 2)];
}

const percent = (value: number): string => `${(100 * value).toFixed(2)}%`;

const ends = ({ low, high }: Estimate): string => `[${(100 * low).toFixed(1)}, ${(100 * high).toFixed(1)}]`;

const share = (estimate: Estimate): string => `${percent(estimate.value)} ${ends(estimate)}`;

function points(estimate: Estimate): string {
  return `${estimate.value > 0 ? "+" : ""}${(100 * estimate.value).toFixed(2)} points ${ends(estimate)}`;
}

const decibels = (value: number | null): string => (value === null ? "exact" : `${value.toFixed(1)} dB`);
