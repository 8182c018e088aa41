/** Markup that may be inserted without escaping. Only {@link html} and {@link raw} make it. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** What {@link html} accepts between its braces: text is escaped, markup is not, nothing is left out. */
export type Part = Markup | string | number | null | undefined | false | readonly Part[];

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Escapes text for element content and for quoted attributes. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** Builds markup; every interpolated text is escaped, and attributes must be quoted in the template. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  let text = strings[0]!;
  parts.forEach((part, i) => {
    text += render(part) + strings[i + 1]!;
  });
  return new Markup(text);
}

/** Marks a string of our own as markup. Never for text that comes from data. */
export function raw(text: string): Markup {
  return new Markup(text);
}

/** A script element; what would end it early or open a comment inside it is defused. */
export function script(code: string): Markup {
  return raw(`<script>${code.replace(/<\/(script)/gi, "<\\/$1").replaceAll("<!--", "<\\!--")}</script>`);
}

/** A script element that holds data as JSON, for the page's own scripts to read. */
export function jsonScript(id: string, value: unknown): Markup {
  const json = JSON.stringify(value).replaceAll("<", "\\u003c");
  return html`<script type="application/json" id="${id}">${raw(json)}</script>`;
}

/** A table, in a frame that scrolls sideways where the page is narrower than the table. */
export function scrolling(label: string, table: Markup): Markup {
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0">${table}</div>`;
}

function render(part: Part): string {
  if (part === null || part === undefined || part === false) return "";
  if (part instanceof Markup) return part.text;
  if (Array.isArray(part)) return part.map(render).join("");
  return escapeHtml(String(part));
}
