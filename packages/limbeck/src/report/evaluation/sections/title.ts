import { count } from "../../format.js";
import { html, type Markup } from "../../html.js";

/** What stands at the top of a page. */
export function titleOf(models: readonly { readonly name: string }[]): Markup {
  return html`
<div class="top">
<div><h1>${models.length === 1 ? models[0]!.name : `${count(models.length)} models compared`}</h1><p class="small muted">Limbeck evaluation</p></div>
<button type="button" id="theme" hidden>Dark colors</button>
</div>`;
}

/** Keeps a figure on one line. */
export function unbroken(sentence: string): string {
  return sentence.replaceAll(/ ([<=]) /g, "\u00a0$1\u00a0");
}
