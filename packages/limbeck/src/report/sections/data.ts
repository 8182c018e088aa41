import { basename, dirname } from "node:path";
import {
  type ClassCount,
  type DataQuality,
  type DoubtedSample,
  type DuplicatePair,
  type LabelCheck,
  MOST_IMBALANCE,
  type NamedSample,
} from "../../evaluate/data-quality.js";
import type { ReportData } from "../data.js";
import { count, fixed, percent, plural, significant } from "../format.js";
import { html, type Markup, scrolling } from "../html.js";
import { imageUri } from "../image.js";

/** Samples that are shown of each kind. */
const SHOWN = 12;
/** Files that are listed. */
const LISTED = 100;

type Part = "train" | "test";

/** How many samples classes have, what was left out, what is on both sides, and which labels the teacher contradicts. */
export async function dataSection(data: ReportData): Promise<Markup | null> {
  const { data: quality } = data.results;
  if (!quality) return null;
  return html`<section aria-labelledby="data"><h2 id="data">The data</h2>
${classesPart(quality.classes)}${corruptPart(data)}${await duplicatesPart(data, quality)}${await labelsPart(data, quality)}</section>`;
}

function classesPart(classes: readonly ClassCount[]): Markup {
  const known = classes.filter(({ train }) => train > 0).sort((a, b) => b.train - a.train);
  const [largest, smallest] = [known[0], known.at(-1)];
  const rows = classes.map(
    ({ name, train, test }) =>
      html`<tr><th scope="row" class="text">${name}</th><td>${count(train)}</td><td>${count(test)}</td></tr>`,
  );
  return html`${largest && smallest && html`<p>${balance(largest, smallest)}</p>`}
<details><summary>${plural(classes.length, "class", "classes")} and their labelled samples</summary>
${scrolling(
  "Samples by class",
  html`<table class="patience"><caption>Samples with labels of their own.</caption><thead><tr><th scope="col">Class</th><th scope="col">Training</th><th scope="col">Test</th></tr></thead><tbody>${rows}</tbody></table>`,
)}</details>`;
}

function balance(largest: ClassCount, smallest: ClassCount): Markup {
  const ratio = largest.train / smallest.train;
  const sizes = `The largest class, ${largest.name}, has ${plural(largest.train, "training sample")}, and the smallest one, ${smallest.name}, has ${count(smallest.train)}`;
  if (ratio < MOST_IMBALANCE) return html`${sizes}.`;
  return html`<strong>Classes are out of balance.</strong> ${sizes}, ${significant(ratio, 2)} times fewer. Accuracy hides errors on rare classes.`;
}

function corruptPart({ corrupt = [] }: ReportData): Markup | false {
  if (corrupt.length === 0) return false;
  const rest = corrupt.length - LISTED;
  return html`<details><summary>${plural(corrupt.length, "image")} could not be decoded and ${corrupt.length === 1 ? "was" : "were"} left out</summary>
<ul class="files">${corrupt.slice(0, LISTED).map(({ path, problem }) => html`<li>${shortPath(path)}: ${problem}</li>`)}
${rest > 0 && html`<li>and ${count(rest)} more, all in run.json</li>`}</ul></details>`;
}

async function duplicatesPart(data: ReportData, { duplicates }: DataQuality): Promise<Markup> {
  const { tested, equal, near, reason, flat, worst } = duplicates;
  const share = (n: number) => `${count(n)} of ${plural(tested, "test sample")} (${percent(n / tested)})`;
  const others =
    near === null
      ? reason
      : near === 0
        ? "No other one nearly equals one."
        : `Nearly equal: ${count(near)} more (${percent(near / tested)}).`;
  const hint = near
    ? " These are the pairs that are most alike: the test image on the left, the training image on the right. Things of one kind can look as alike as copies; look before you remove any."
    : "";
  const plain = flat > 0 ? ` ${plural(flat, "plain image")} were not compared.` : "";
  const cards = await Promise.all(worst.slice(0, SHOWN).map((pair) => pairCard(data, pair)));
  return html`<h3 class="after">Learned from and tested</h3>
<p>${equal === 0 ? "No test sample equals a training sample." : `${share(equal)} equal a training sample: on them all models look better than they are.`} ${others}${hint}${plain}</p>
${cards.length > 0 && html`<ul class="gallery pairs">${cards}</ul>`}`;
}

async function pairCard(data: ReportData, { test, train, likeness }: DuplicatePair): Promise<Markup> {
  const pictures = [await picture(data, "test", test), await picture(data, "train", train)];
  const isContrary = test.label !== null && train.label !== null && test.label !== train.label;
  // Rounded down: what is not equal is not wholly alike.
  const kind = likeness === 1 ? "equal" : `${fixed(Math.floor(1000 * likeness) / 10, 1)}% alike`;
  return html`<li><div class="pair">${pictures}</div><div><strong>${kind}</strong><span>${
    isContrary ? html`labels differ: ${test.label}, ${train.label}` : (test.label ?? "")
  }<br>${whereIs(test)}<br>${whereIs(train)}</span></div></li>`;
}

async function labelsPart(data: ReportData, { labels }: DataQuality): Promise<Markup | false> {
  if (!data.results.teacher) return false;
  return html`<h3 class="after">Labels that the teacher contradicts</h3>
<p>Where the teacher is as sure of another class as it usually is of that class's own samples, the label may be wrong, or the teacher is (confident learning,
Northcutt et al. 2021).</p>
${await labelGallery(data, "test", labels.test)}${await labelGallery(data, "train", labels.train)}`;
}

async function labelGallery(
  data: ReportData,
  part: Part,
  { asked, note, doubted, worst }: LabelCheck,
): Promise<Markup | false> {
  const name = part === "test" ? "test" : "training";
  if (asked === 0)
    return (
      note !== null && html`<p class="muted">${part === "train" ? "Training samples were not judged. " : ""}${note}</p>`
    );
  const cards = await Promise.all(worst.slice(0, SHOWN).map((sample) => labelCard(data, part, sample)));
  const found =
    doubted === 0
      ? `none of ${plural(asked, "label")}`
      : `${count(doubted)} of ${plural(asked, "label")} (${percent(doubted / asked)})`;
  const shown = doubted > 0 ? ` ${doubted > SHOWN ? `The ${SHOWN} most doubtful` : "All"} are shown.` : "";
  return html`<p><strong>Of ${name} samples:</strong> ${found}.${shown}${note && html` <span class="muted">${note}</span>`}</p>
${cards.length > 0 && html`<ul class="gallery">${cards}</ul>`}`;
}

async function labelCard(data: ReportData, part: Part, sample: DoubtedSample): Promise<Markup> {
  const { label, answer, probability, labelProbability } = sample;
  return html`<li>${await picture(data, part, sample)}<div><strong>labelled ${label ?? ""}</strong><span>teacher: ${answer} (${percent(probability)}), ${label ?? ""} ${percent(labelProbability)}<br>${whereIs(sample)}</span></div></li>`;
}

async function picture({ pictures, image }: ReportData, part: Part, sample: NamedSample): Promise<Markup | undefined> {
  if (!pictures) return undefined;
  const uri = await imageUri(pictures[part](sample.index), image);
  const alt = `${part === "test" ? "Test" : "Training"} sample ${sample.index}, labelled ${sample.label ?? "by the teacher"}`;
  return html`<img src="${uri}" width="64" height="64" alt="${alt}">`;
}

function whereIs({ index, path, text }: NamedSample): string {
  if (text !== undefined) return `“${text}”`;
  return path === undefined ? `sample ${count(index)}` : shortPath(path);
}

/** A file and its folder: a report may go where nobody needs to know more. */
function shortPath(path: string): string {
  return `${basename(dirname(path))}/${basename(path)}`;
}
