import { html, type Markup, raw, script } from "./html.js";
import { STYLES } from "./styles.js";
import { THEME_CSS } from "./theme.js";

/** Nothing may be fetched, whatever found its way into the page. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

interface Page {
  readonly title: string;
  /** Version that writes the page. */
  readonly limbeck: string;
  readonly body: Markup;
  /** Style sheets beside the reports' own. */
  readonly styles?: string;
  readonly scripts: readonly string[];
}

/** What a page's head says. */
interface PageHead {
  readonly title: string;
  /** Version that writes the page. */
  readonly limbeck: string;
  /** What may be fetched and run. */
  readonly policy: string;
  /** Style sheets, the first of which the later ones override. */
  readonly styles: readonly string[];
}

/** The beginning of a page, up to the end of its styles. */
export function pageHead({ title, limbeck, policy, styles }: PageHead): Markup {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${raw(policy)}">
<meta name="generator" content="${`Limbeck ${limbeck}`}">
<link rel="icon" href="data:,">
<title>${title}</title>
<style>${styles.map(raw)}</style>`;
}

/** One HTML file that needs nothing else: no network, no server, no other file. */
export function renderPage({ title, limbeck, body, styles = "", scripts }: Page): string {
  return html`${pageHead({ title, limbeck, policy: POLICY, styles: [styles, THEME_CSS, STYLES] })}
<noscript><style>.chart { display: none; }</style></noscript>
</head>
<body>
<div class="page">
${body}
</div>
${scripts.map(script)}
</body>
</html>
`.text;
}
