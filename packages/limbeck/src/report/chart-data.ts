import type { Curve } from "./data.js";

/** A curve summed up over seeds: at each of the chart's epochs, or null where not every seed was measured. */
export interface ChartLine {
  readonly arm: "student" | "baseline";
  readonly seeds: number;
  readonly mean: readonly (number | null)[];
  readonly min: readonly (number | null)[];
  readonly max: readonly (number | null)[];
}

/** What a chart draws. */
export interface ChartData {
  readonly field: "errors" | "loss";
  readonly epochs: readonly number[];
  readonly lines: readonly ChartLine[];
  /** A dashed horizontal line: the teacher's result. */
  readonly reference: number | null;
  readonly logarithmic: boolean;
  /** Lower and upper end of the vertical axis. */
  readonly range: readonly [number, number];
  /** Some of the first points lie above the axis, which would otherwise squeeze the others. */
  readonly clipped: boolean;
}

/** More points than a chart has pixels for only make the file larger. */
const MOST_POINTS = 400;

/** Share of the epochs at the start that need not fit on the vertical axis. */
const WARM_UP = 0.1;

/** Sums up the main comparison's curves, or null where none was measured. */
export function chartData(
  curves: readonly Curve[],
  field: "errors" | "loss",
  reference: number | null,
): ChartData | null {
  const main = curves.filter((curve) => curve.variant === null && curve.arm !== "teacher" && curve.points.length > 0);
  const measured = main.flatMap((curve) => curve.points.filter((point) => point[field] !== null));
  const epochs = thinned(
    [...new Set(measured.map((point) => point.epoch))].sort((a, b) => a - b),
    MOST_POINTS,
  );
  const arms = (["student", "baseline"] as const).filter((arm) => main.some((curve) => curve.arm === arm));
  const lines = arms.map((arm) => chartLine(arm, main, field, epochs)).filter(({ mean }) => mean.some(isNumber));
  if (lines.length === 0) return null;
  const logarithmic = field === "loss" && spansMagnitudes(lines);
  return { field, epochs, lines, reference, logarithmic, ...verticalRange(lines, reference, logarithmic) };
}

/** At most `most` of the items, evenly spaced, always with the last. */
export function thinned<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  const step = (items.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, i) => items[Math.round(i * step)]!);
}

function chartLine(
  arm: "student" | "baseline",
  curves: readonly Curve[],
  field: "errors" | "loss",
  epochs: readonly number[],
): ChartLine {
  const seeds = curves
    .filter((curve) => curve.arm === arm)
    .map((curve) => new Map(curve.points.map((point) => [point.epoch, point[field]])));
  const values = epochs.map((epoch) => seeds.map((seed) => seed.get(epoch) ?? null).filter(isNumber));
  // A mean over fewer seeds than its neighbors' would jump for no reason of training.
  const over = (sum: (all: readonly number[]) => number) =>
    values.map((all) => (all.length === seeds.length ? Number(sum(all).toPrecision(6)) : null));
  return {
    arm,
    seeds: seeds.length,
    mean: over((all) => all.reduce((total, value) => total + value, 0) / all.length),
    min: over((all) => Math.min(...all)),
    max: over((all) => Math.max(...all)),
  };
}

/** Whether a logarithmic axis is possible and worth it. */
function spansMagnitudes(lines: readonly ChartLine[]): boolean {
  const values = lines.flatMap(({ min, max }) => [...min, ...max].filter(isNumber));
  const lowest = Math.min(...values);
  return lowest > 0 && Math.max(...values) > 5 * lowest;
}

function verticalRange(
  lines: readonly ChartLine[],
  reference: number | null,
  logarithmic: boolean,
): Pick<ChartData, "range" | "clipped"> {
  const length = lines[0]!.mean.length;
  const start = logarithmic || length < 10 ? 0 : Math.ceil(length * WARM_UP);
  const all = lines.flatMap(({ max }) => max.filter(isNumber));
  const settled = lines.flatMap(({ max }) => max.slice(start).filter(isNumber));
  const lowest = Math.min(...lines.flatMap(({ min }) => min.filter(isNumber)), reference ?? Number.POSITIVE_INFINITY);
  const highest = Math.max(...(settled.length > 0 ? settled : all), reference ?? Number.NEGATIVE_INFINITY);
  if (logarithmic) return { range: [lowest * 0.85, highest * 1.15], clipped: false };
  const room = (highest - lowest || Math.abs(highest) || 1) * 0.08;
  const bottom = lowest >= 0 && lowest < highest * 0.4 ? 0 : lowest - room;
  return { range: [bottom, highest + room], clipped: Math.max(...all) > highest + room };
}

function isNumber(value: number | null): value is number {
  return value !== null && Number.isFinite(value);
}
