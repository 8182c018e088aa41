import { html, type Markup } from "../html.js";

/** Colors that there are; more models begin again. */
export const COLORS = 8;

/** The class that gives a model its color throughout the report. */
export function colorOf(place: number): string {
  return `m${place % COLORS}`;
}

/** A model's name behind a dot of its color. */
export function modelName(name: string, place: number): Markup {
  return html`<span class="arm ${colorOf(place)}">${name}</span>`;
}
