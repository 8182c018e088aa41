import type { GeneratedImages, ReportData } from "../data.js";
import { count, fixed, percent, plural } from "../format.js";
import { html, type Markup, scrolling } from "../html.js";
import { imageUri } from "../image.js";

/** What a data-free student learned from; nothing where it saw training images. */
export async function generatedSection(data: ReportData): Promise<Markup | null> {
  const { generated, results } = data;
  if (!generated) return null;
  const related = generated.related
    ? html` The variant <em>related-data</em> learned from real images of ${generated.related}, with the teacher's answers to them.`
    : html` No related images were tried (<code>related</code> of the scheme).`;
  const items = await Promise.all(generated.shown.map((image, i) => item(data, image, i)));
  return html`<section aria-labelledby="generated"><h2 id="generated">What the student saw</h2>
<p>The student saw no training image. ${generated.maker}; real images of ${data.data.source} were used for
testing only (${plural(results.student.testSize, "sample")}). The baseline is the same student, taught by the same teacher with as many steps on random
noise.${related}</p>
<p>These are images of the first student, from the end of its training, sorted by the class that the teacher takes them for. They were made to teach
and not to look like anything.</p>
<ul class="generated">${items}</ul>
${scrolling("Generated images by class", countTable(data, generated))}</section>`;
}

async function item(data: ReportData, { pixels, label, share }: GeneratedImages["shown"][number], index: number) {
  const name = className(data, label);
  const alt = `Generated image ${index + 1}, which the teacher takes for ${name}`;
  return html`<li><img src="${await imageUri(pixels, data.image)}" alt="${alt}">${name} ${percent(share)}</li>`;
}

function countTable(data: ReportData, { counts }: GeneratedImages): Markup {
  const all = counts.reduce((sum, n) => sum + n, 0);
  const rows = counts.map(
    (n, c) =>
      html`<tr><th scope="row" class="text">${className(data, c)}</th><td>${count(n)}</td><td>${fixed((100 * n) / all, 1)}%</td></tr>`,
  );
  return html`<table><caption>What the teacher takes ${plural(all, "generated image")} for.</caption>
<thead><tr><th scope="col">Class</th><th scope="col">Images</th><th scope="col">Share</th></tr></thead><tbody>${rows}</tbody></table>`;
}

const className = ({ classes }: ReportData, label: number) => classes[label] ?? `class ${label}`;
