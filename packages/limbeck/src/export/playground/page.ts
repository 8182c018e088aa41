import { THEME_CLIENT } from "../../report/client.js";
import { html, type Markup, raw, script } from "../../report/html.js";
import { pageHead } from "../../report/page.js";
import { STYLES } from "../../report/styles.js";
import { THEME_CSS } from "../../report/theme.js";
import type { SampleFacts } from "../../runs/sample-facts.js";
import { playgroundScript } from "./script.js";
import { PLAYGROUND_STYLES } from "./styles.js";

/** Only files beside the page are fetched, and nothing is sent. */
const POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; connect-src 'self'; img-src blob: data:; media-src blob:";

/** Images up to this side can be drawn by hand, where they have no colors. */
const LARGEST_DRAWN = 64;

export interface Playground {
  readonly name: string;
  readonly description: string;
  readonly limbeck: string;
  readonly samples: SampleFacts;
  /** What the visitor can choose from: files in the folder, with a line about each. */
  readonly models: readonly { readonly file: string; readonly summary: string }[];
}

/** A page on which the student answers in the browser, from the files beside it. */
export function renderPlayground({ name, description, limbeck, samples, models }: Playground): string {
  const styles = [THEME_CSS, STYLES, PLAYGROUND_STYLES];
  return html`${pageHead({ title: `${name}: playground`, limbeck, policy: POLICY, styles })}
</head>
<body>
<div class="page">
<header class="top"><h1>${name}</h1><button type="button" id="theme" hidden>Dark colors</button></header>
${description === "" ? "" : html`<p class="intro">${description}</p>`}
<main class="play">
<section class="after" aria-labelledby="give"><h2 id="give">${samples.kind === "image" ? "An image" : `A ${samples.kind}`}</h2>
${givePart(samples)}
</section>
<section class="after answer" aria-labelledby="answer"><h2 id="answer">What the student says</h2>
<div aria-live="polite"><p class="top-label" id="top">–</p></div>
<ul class="answers" id="answers" aria-label="Classes by probability"></ul>
<p class="small muted" id="status" role="status">This page needs a web server: any that serves files will do, such as <code>npx http-server</code>, run in its folder.</p>
${models.length > 1 ? variantPart(models) : ""}
</section>
</main>
<footer>${samples.classes.length} classes. Made with Limbeck ${limbeck}; <a href="README.md">the model card</a> tells how, and what the model is not for.</footer>
</div>
${script(THEME_CLIENT)}
<script type="module">${raw(playgroundScript(samples.kind))}</script>
</body>
</html>
`.text;
}

/** Where visitors give samples. */
function givePart(samples: SampleFacts): Markup {
  if (samples.kind === "image") return imagePart(samples);
  if (samples.sound) return soundPart(samples, samples.sound);
  return samples.text ? textPart(samples.text) : rowsPart(samples);
}

function imagePart({ channels, height, width }: SampleFacts): Markup {
  const isDrawn = channels === 1 && Math.max(height, width) <= LARGEST_DRAWN;
  const scale = Math.round(280 / Math.max(height, width));
  return html`<label class="drop" id="drop"><strong>Drop, paste or choose an image</strong>
<span class="small muted">The student sees ${width} × ${height} pixels${channels === 1 ? ", without colors" : ""}.</span>
<input class="hidden" type="file" id="file" accept="image/*"></label>
${
  isDrawn
    ? html`<div class="draw"><h2 id="drawn">Or draw, light on dark</h2>
<canvas class="pad" id="pad" width="${width * scale}" height="${height * scale}" style="--aspect: ${width} / ${height}" role="img" aria-labelledby="drawn"></canvas>
<button type="button" id="clear">Clear</button></div>`
    : ""
}
<div class="seen" id="seen" hidden>
<figure hidden><img id="picture" alt="The image that was given"><figcaption>the image</figcaption></figure>
<figure><canvas id="network" width="${width}" height="${height}" role="img" aria-label="The image as the student sees it"></canvas><figcaption>what the student sees</figcaption></figure>
</div>`;
}

function soundPart(
  { height, width }: SampleFacts,
  { features, length, sampleRate }: NonNullable<SampleFacts["sound"]>,
): Markup {
  const seconds = Number((length / sampleRate).toPrecision(3));
  return html`<label class="drop" id="drop"><strong>Drop or choose a WAV file</strong>
<span class="small muted">The student hears ${seconds} s at ${sampleRate} Hz: the middle of what lasts longer.</span>
<input class="hidden" type="file" id="file" accept="audio/*"></label>
<p><button type="button" id="record" hidden>Record ${seconds} s</button></p>
<audio id="player" controls hidden></audio>
${
  features === "log-mel"
    ? html`<div class="seen" id="seen" hidden>
<figure class="wide"><canvas id="network" width="${width}" height="${height}" role="img" aria-label="The sound as the student takes it"></canvas><figcaption>what the student takes: time to the right, frequency upward</figcaption></figure>
</div>`
    : ""
}`;
}

function textPart({ bytes }: NonNullable<SampleFacts["text"]>): Markup {
  return html`<label class="hidden" for="text">Text</label>
<textarea id="text" rows="6" aria-describedby="cut" placeholder="Type or paste a text"></textarea>
<p class="small muted" id="cut" hidden>The student sees the first ${bytes} bytes.</p>
<button type="button" class="main" id="ask">Ask the student</button>`;
}

function rowsPart({ kind, columns = [], width, height }: SampleFacts): Markup {
  const times = width * height;
  const what = kind === "row" ? "One line of numbers" : `${times} lines of numbers, the oldest first`;
  return html`<p class="small muted" id="columns">${what}, separated by commas, tabs or spaces: ${columns.join(", ")}.</p>
<label class="hidden" for="rows">Numbers</label>
<textarea id="rows" rows="${Math.min(16, Math.max(3, times))}" spellcheck="false" aria-describedby="columns" placeholder="${columns.map(() => "0").join(", ")}"></textarea>
<button type="button" class="main" id="ask">Ask the student</button>`;
}

function variantPart(models: Playground["models"]): Markup {
  return html`<p class="small"><label>Model <select id="variant">${models.map(
    ({ file, summary }) => html`<option value="${file}">${`${file}: ${summary}`}</option>`,
  )}</select></label></p>`;
}
