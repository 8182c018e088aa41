/** Figures and tables for people. */

import { styleText } from "node:util";

/** What stands out, where standard output is a terminal. */
export function bold(text: string): string {
  return styleText("bold", text, { stream: process.stdout });
}

/** Minutes and seconds: `1:07`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const tail = `${String(minutes).padStart(hours > 0 ? 2 : 1, "0")}:${String(rest).padStart(2, "0")}`;
  return hours > 0 ? `${hours}:${tail}` : tail;
}

/** Bytes in units of 1,000: `220.8 kB`. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}

export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** Three significant digits. */
export function formatSignificant(value: number): string {
  if (value === 0) return "0";
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** Three significant digits and a unit of 1,000: `301 M`, `40.6 M`, `1.02 G`. */
export function formatQuantity(value: number): string {
  const units = ["", " k", " M", " G", " T", " P"];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3));
  const scaled = value / 1000 ** power;
  return `${power === 0 ? Math.round(scaled) : formatSignificant(scaled)}${units[power]}`;
}

/**
 * Lines up columns.
 * @param left how many columns at the start are lined up to the left; the others go to the right
 * @param last how many columns at the end are lined up to the left
 */
export function formatTable(rows: readonly (readonly string[])[], left = 1, last = 0): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const isLeft = (column: number) => column < left || column >= widths.length - last;
  const cell = (text: string, column: number) =>
    isLeft(column) ? text.padEnd(widths[column]!) : text.padStart(widths[column]!);
  return rows.map((row) => row.map(cell).join("   ").trimEnd()).join("\n");
}

const WIDTH = 80;

/** Breaks a text into lines that fit a narrow terminal; all but the first are indented by `hang` more. */
export function wrapText(text: string, indent: string, hang = "  ", width = WIDTH): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(" ")) {
    const isStart = line.trim() === "";
    if (!isStart && line.length + 1 + word.length > width) {
      lines.push(line);
      line = `${indent}${hang}${word}`;
    } else line += isStart ? word : ` ${word}`;
  }
  return [...lines, line];
}
