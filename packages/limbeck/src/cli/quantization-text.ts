import type { LayerLoss, QuantizationReport } from "../quantize/quantize-model.js";
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
    ...(accuracy ? [["accuracy", percent(accuracy.before), percent(accuracy.after)]] : []),
    ...(closeness
      ? [
          ["same answer", "", percent(closeness.agreement)],
          ["SQNR", "", decibels(closeness.sqnr)],
        ]
      : []),
  ];
  const quantized = layers.filter((layer) => layer.quantized).length;
  const notes = [
    ...(layers.length > 0 ? [`${quantized} of ${layers.length} layers are quantized.`] : []),
    ...(report.calibrated > 0 ? [`Ranges are those of ${formatCount(report.calibrated)} training samples.`] : []),
    closeness
      ? `Compared on ${formatCount(closeness.samples)} held-out samples.`
      : "There were no samples to compare with: --data names a recipe or run folder.",
  ];
  return [formatTable(rows), wrapText(notes.join(" "), "", "").join("\n"), ...hurting(layers)].join("\n\n");
}

/** Layers by what quantizing each alone does to the answers. */
function hurting(layers: readonly LayerLoss[]): string[] {
  const measured = layers.filter(({ sqnr }) => sqnr !== undefined);
  if (measured.length === 0) return [];
  const rows = measured
    .slice(0, MOST_LAYERS)
    .map(({ name, operator, weights, quantized, sqnr }) => [
      name,
      operator,
      formatCount(weights),
      decibels(sqnr!),
      quantized ? "" : "left as it is",
    ]);
  return [formatTable([["hurts most, alone", "operator", "weights", "SQNR", ""], ...rows], 2)];
}

const percent = (value: number): string => `${(100 * value).toFixed(2)}%`;

const decibels = (value: number | null): string => (value === null ? "exact" : `${value.toFixed(1)} dB`);
