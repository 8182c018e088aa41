import { html, type Markup } from "./html.js";

/** A point of a scatter plot. */
export interface Dot {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  /** Filled and labelled; others are rings. */
  readonly isFilled: boolean;
  /** Joined to the others of the front by a line. */
  readonly isFront: boolean;
}

interface ScatterOptions {
  /** What the plot shows, for those who do not see it. */
  readonly label: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly formatX: (value: number) => string;
  readonly formatY: (value: number) => string;
  /** A vertical line: what x must not exceed. */
  readonly limitX?: number | undefined;
  /** Horizontal lines with their names. */
  readonly levels: readonly { readonly name: string; readonly y: number }[];
}

const WIDTH = 720;
const HEIGHT = 380;
const FRAME = { left: 74, right: 120, top: 16, bottom: 52 };

/** Dots over a logarithmic x axis, drawn as SVG without any script. */
export function scatter(dots: readonly Dot[], options: ScatterOptions): Markup {
  const { limitX, levels, formatX, formatY } = options;
  const x = scale(Math.log10, [...dots.map((dot) => dot.x), limitX], FRAME.left, WIDTH - FRAME.right);
  const ys = [...dots.map((dot) => dot.y), ...levels.map((level) => level.y)];
  const y = scale((value) => value, ys, HEIGHT - FRAME.bottom, FRAME.top);
  const right = WIDTH - FRAME.right;
  const bottom = HEIGHT - FRAME.bottom;
  const front = dots.filter(({ isFront }) => isFront).sort((a, b) => a.x - b.x);
  return html`<svg class="scatter" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${options.label}">
${ticks(y.range).map(
  (value) => html`<line class="grid" x1="${FRAME.left}" x2="${right}" y1="${y.at(value)}" y2="${y.at(value)}"/>
<text class="end" x="${FRAME.left - 8}" y="${y.at(value) + 4}">${formatY(value)}</text>`,
)}
${decades(x.range).map(
  (value) => html`<line class="grid" x1="${x.at(value)}" x2="${x.at(value)}" y1="${FRAME.top}" y2="${bottom}"/>
<text class="middle" x="${x.at(value)}" y="${bottom + 20}">${formatX(value)}</text>`,
)}
<text class="middle" x="${(FRAME.left + right) / 2}" y="${HEIGHT - 8}">${options.xTitle}</text>
<text class="middle" transform="translate(14 ${(FRAME.top + bottom) / 2}) rotate(-90)">${options.yTitle}</text>
${levels.map(
  (level) => html`<line class="level" x1="${FRAME.left}" x2="${right}" y1="${y.at(level.y)}" y2="${y.at(level.y)}"/>
<text x="${right + 6}" y="${y.at(level.y) + 4}">${level.name}</text>`,
)}
${limitX !== undefined && html`<line class="limit" x1="${x.at(limitX)}" x2="${x.at(limitX)}" y1="${FRAME.top}" y2="${bottom}"/>`}
${front.length > 1 && html`<polyline class="front" points="${front.map((dot) => `${x.at(dot.x)},${y.at(dot.y)}`).join(" ")}"/>`}
${dots.map(
  (
    dot,
  ) => html`<circle class="${dot.isFilled ? "filled" : "ring"}" cx="${x.at(dot.x)}" cy="${y.at(dot.y)}" r="${dot.isFilled ? 5 : 4}"><title>${dot.name}: ${formatY(dot.y)}, ${formatX(dot.x)}</title></circle>
${dot.isFilled && html`<text class="name" x="${x.at(dot.x) + 8}" y="${y.at(dot.y) - 7}">${dot.name}</text>`}`,
)}
</svg>`;
}

/** Where values stand on an axis, with some room at both ends. */
function scale(map: (value: number) => number, values: readonly (number | undefined)[], from: number, to: number) {
  const mapped = values.filter((value) => value !== undefined).map(map);
  const [low, high] = [Math.min(...mapped), Math.max(...mapped)];
  const room = (high - low || 1) * 0.08;
  const range: [number, number] = [low - room, high + room];
  const at = (value: number) => {
    const share = (map(value) - range[0]) / (range[1] - range[0]);
    return Math.round((from + share * (to - from)) * 10) / 10;
  };
  return { at, range };
}

/** About five round values. */
function ticks([low, high]: readonly [number, number]): number[] {
  const raw = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= raw)!;
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
}

/** More labels than this would touch. */
const MOST_TICKS = 6;

/** Round values on a logarithmic axis: 1, 2 and 5 of each decade, or fewer where there are many decades. */
function decades([low, high]: readonly [number, number]): number[] {
  const powers = Array.from({ length: Math.ceil(high) - Math.floor(low) + 1 }, (_, i) => Math.floor(low) + i);
  const values = (digits: readonly number[]) =>
    powers
      .flatMap((power) => digits.map((digit) => digit * 10 ** power))
      .filter((value) => Math.log10(value) >= low && Math.log10(value) <= high);
  const all = values([1, 2, 5]);
  return all.length > MOST_TICKS ? values([1]) : all;
}
