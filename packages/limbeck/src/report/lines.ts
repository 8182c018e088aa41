import type { GeneratedSamples } from "./data.js";
import { html, type Markup } from "./html.js";

/** Sides of the drawing; it is stretched to the page's. */
const [WIDTH, HEIGHT] = [160, 80];

/** Deviations from the mean that fit into the drawing, up and down. */
const REACH = 4;

/** A window as lines, one for each column, by how many deviations its values lie from the column's mean. */
export function lines(values: Float32Array, columns: NonNullable<GeneratedSamples["columns"]>, label: string): Markup {
  const length = values.length / columns.length;
  const paths = columns.map(({ stored }, c) => {
    const points = Array.from(values.subarray(c * length, (c + 1) * length), (value, t) => {
      const x = (t / Math.max(1, length - 1)) * WIDTH;
      const score = (value - stored.mean) / (stored.std || 1);
      const y = (0.5 - Math.max(-REACH, Math.min(REACH, score)) / (2 * REACH)) * HEIGHT;
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    });
    return html`<polyline points="${points.join(" ")}"/>`;
  });
  return html`<svg role="img" aria-label="${label}" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none">${paths}</svg>`;
}
