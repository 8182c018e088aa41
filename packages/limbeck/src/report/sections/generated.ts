import type { GeneratedSamples, ReportData } from "../data.js";
import { count, fixed, percent, plural, significant } from "../format.js";
import { html, type Markup, scrolling } from "../html.js";
import { imageUri } from "../image.js";
import { lines } from "../lines.js";

/** What samples are called, and what made them. */
interface Words {
  /** "image" */
  readonly one: string;
  /** The paragraph on where they come from. */
  readonly made: string;
  /** What is to be said of those that are shown. */
  readonly shown: string;
}

/** What a data-free student learned from; nothing where it saw training images. */
export async function generatedSection(data: ReportData): Promise<Markup | null> {
  const { generated, results } = data;
  if (!generated) return null;
  const words = wordsFor(data, generated);
  const tested = plural(results.student.testSize, "sample");
  return html`<section aria-labelledby="generated"><h2 id="generated">What the student saw</h2>
<p>${words.made} Real ${words.one}s of ${data.data.source} were used for testing${generated.fromSamples ? "" : " only"} (${tested}). The baseline is the same student, taught by the same
teacher with as many steps on random noise.${relatedSentence(data, generated)}</p>
<p>${words.shown}</p>
${await samplesOf(data, generated)}
${generated.columns && scrolling("Columns as stored and as made", columnTable(generated.columns))}
${scrolling(`Generated ${words.one}s by class`, countTable(data, generated, words.one))}</section>`;
}

function wordsFor({ image, columns }: ReportData, { maker, fromSamples }: GeneratedSamples): Words {
  if (!columns) {
    return {
      one: "image",
      made: "The student saw no training image. A generator made all of its images, and the teacher answered them.",
      shown:
        "These are images of the first student's generator at the end of its training, sorted by the class that the teacher takes them for. They were made to teach and not to look like anything.",
    };
  }
  const one = image.height * image.width > 1 ? "window" : "row";
  if (fromSamples) {
    return {
      one,
      made: `The student's ${one}s were made of some real training ${one}s (${maker}), and the teacher answered them.`,
      shown: `None of them is shown: what was made of a real ${one} can be close to it.`,
    };
  }
  const unseen = `The student saw no training ${one}.`;
  if (maker === "generator") {
    return {
      one,
      made: `${unseen} A generator made all of its ${one}s, and the teacher answered them.`,
      shown: `These are ${one}s of the first student's generator at the end of its training, sorted by the class that the teacher takes them for. They were made to teach and not to look like anything.`,
    };
  }
  return {
    one,
    made: `${unseen} Its ${one}s were drawn from moments that are stored with the teacher: means, deviations, quantiles and correlations. The teacher answered them.`,
    shown: `These ${one}s were drawn as the student's were, sorted by the class that the teacher takes them for. None was taken from the data.`,
  };
}

function relatedSentence({ columns }: ReportData, { related }: GeneratedSamples): Markup | null {
  if (columns) return null;
  return related
    ? html` The variant <em>related-data</em> learned from real images of ${related}, with the teacher's answers to them.`
    : html` No related images were tried (<code>related</code> of the scheme).`;
}

async function samplesOf(data: ReportData, generated: GeneratedSamples): Promise<Markup | null> {
  const { columns, image } = data;
  if (generated.shown.length === 0) return null;
  if (columns && image.height * image.width === 1)
    return scrolling("Generated rows", rowTable(data, generated, columns));
  const items = await Promise.all(generated.shown.map((sample, i) => item(data, generated, sample, i)));
  return html`<ul class="${columns ? "generated windows" : "generated"}">${items}</ul>`;
}

type Shown = GeneratedSamples["shown"][number];

async function item(data: ReportData, generated: GeneratedSamples, { pixels, label, share }: Shown, index: number) {
  const name = className(data, label);
  const alt = (what: string) => `Generated ${what} ${index + 1}, which the teacher takes for ${name}`;
  const picture =
    pixels instanceof Float32Array
      ? lines(pixels, generated.columns!, alt("window"))
      : html`<img src="${await imageUri(pixels, data.image)}" alt="${alt("image")}">`;
  return html`<li>${picture}${name} ${percent(share)}</li>`;
}

function rowTable(data: ReportData, { shown }: GeneratedSamples, columns: readonly string[]): Markup {
  const rows = shown.map(
    ({ pixels, label, share }) =>
      html`<tr><th scope="row" class="text">${className(data, label)}</th><td>${percent(share)}</td>${Array.from(pixels, (value) => html`<td>${significant(value, 4)}</td>`)}</tr>`,
  );
  return html`<table><caption>${plural(shown.length, "synthesized row")}, and what the teacher takes each for.</caption>
<thead><tr><th scope="col">Class</th><th scope="col">Share</th>${columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead><tbody>${rows}</tbody></table>`;
}

function columnTable(columns: NonNullable<GeneratedSamples["columns"]>): Markup {
  const cells = ({ mean, std }: { mean: number; std: number }) =>
    html`<td>${significant(mean, 4)}</td><td>${significant(std, 4)}</td>`;
  const rows = columns.map(
    ({ name, stored, made }) => html`<tr><th scope="row" class="text">${name}</th>${cells(stored)}${cells(made)}</tr>`,
  );
  return html`<table><caption>Each column's mean and standard deviation, in the training data and in what was made.</caption>
<thead><tr><th scope="col">Column</th><th scope="col">Mean</th><th scope="col">Deviation</th><th scope="col">Mean, made</th><th scope="col">Deviation, made</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function countTable(data: ReportData, { counts }: GeneratedSamples, one: string): Markup {
  const all = counts.reduce((sum, n) => sum + n, 0);
  const rows = counts.map(
    (n, c) =>
      html`<tr><th scope="row" class="text">${className(data, c)}</th><td>${count(n)}</td><td>${fixed((100 * n) / all, 1)}%</td></tr>`,
  );
  return html`<table><caption>What the teacher takes ${plural(all, `generated ${one}`)} for.</caption>
<thead><tr><th scope="col">Class</th><th scope="col">${one === "image" ? "Images" : one === "row" ? "Rows" : "Windows"}</th><th scope="col">Share</th></tr></thead><tbody>${rows}</tbody></table>`;
}

const className = ({ classes }: ReportData, label: number) => classes[label] ?? `class ${label}`;
