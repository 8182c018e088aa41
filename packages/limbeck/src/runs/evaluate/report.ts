import { join, resolve } from "node:path";
import { type ImageDataset, sampleLength } from "../../data/dataset.js";
import { renderEvaluation } from "../../report/evaluation/page.js";
import { writeFileAtomic } from "../../support/files.js";
import type { EvaluatedSamples } from "./evaluate.js";

/**
 * Writes `evaluation.html` and `evaluation.json` into a folder.
 * @returns the path of the report
 * @throws LimbeckError FILE_UNWRITABLE, FILE_EXISTS, DISK_FULL
 */
export async function writeEvaluation(folder: string, { evaluation, split }: EvaluatedSamples): Promise<string> {
  const { dataset } = split;
  const { pixels } = dataset;
  const length = sampleLength(dataset);
  const isPictured = pixels instanceof Uint8Array && evaluation.data.kind === "image";
  const pixelsOf = isPictured ? (index: number) => pixels.slice(index * length, (index + 1) * length) : null;
  const rowOf = evaluation.data.kind === "row" ? rowsOf(dataset) : null;
  const page = await renderEvaluation({ evaluation, image: dataset, pixelsOf, rowOf });
  const path = (name: string) => join(resolve(folder), name);
  writeFileAtomic(path("evaluation.json"), `${JSON.stringify(evaluation, null, 2)}\n`);
  writeFileAtomic(path("evaluation.html"), page);
  return path("evaluation.html");
}

function rowsOf({ columns = [], pixels }: ImageDataset) {
  return (index: number) => columns.map((column, i) => ({ column, value: pixels[index * columns.length + i]! }));
}
