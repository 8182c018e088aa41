import type { Estimate } from "../../evaluate/intervals.js";
import type { QuantizationReport } from "../../quantize/quantization.js";
import { count, fixed, percent, plural } from "../format.js";

/** What half precision could not hold; nothing where it holds all. */
export function halfNote({ halves }: Pick<QuantizationReport, "halves">): string | undefined {
  if (!halves || halves.clipped + halves.vanished === 0) return undefined;
  const { clipped, vanished } = halves;
  return (
    `Half precision cannot hold all weights: ${count(clipped)} beyond 65,504 became that, ` +
    `${count(vanished)} below 3e-8 became 0.`
  );
}

/** "3.1 dB" */
export function decibels(value: number | null): string {
  return value === null ? "exact" : `${fixed(value, 1)} dB`;
}

/** "91.30% [89.4, 92.9]" */
export function share({ value, low, high }: Estimate): string {
  return `${percent(value, 2)} [${fixed(low * 100, 1)}, ${fixed(high * 100, 1)}]`;
}

/** "+1.20 points [0.1, 2.3]" */
export function points({ value, low, high }: Estimate): string {
  return `${value > 0 ? "+" : ""}${fixed(value * 100, 2)} points [${fixed(low * 100, 1)}, ${fixed(high * 100, 1)}]`;
}

/** "12 of 14 layers are in int8-static." */
export function layersText({ layers, format }: Pick<QuantizationReport, "layers" | "format">): string {
  const quantized = layers.filter((layer) => layer.quantized).length;
  return quantized === layers.length
    ? `All ${plural(layers.length, "layer")} are in ${format}.`
    : `${count(quantized)} of ${plural(layers.length, "layer")} are in ${format}; the others stay in floating point.`;
}
