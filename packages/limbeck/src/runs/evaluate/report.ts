import { join, resolve } from "node:path";
import type { ImageDataset } from "../../data/dataset.js";
import { areBytes, sampleAt } from "../../data/samples/samples.js";
import { excerpt } from "../../data/texts/excerpt.js";
import { areEmbedded } from "../../evaluate/embedding/evaluation.js";
import { renderEmbeddingEvaluation } from "../../report/evaluation/embedding/page.js";
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
  const isPictured = areBytes(dataset.pixels) && evaluation.data.kind === "image";
  const pixelsOf = isPictured ? (index: number) => Uint8Array.from(sampleAt(dataset, index)) : null;
  const rowOf = evaluation.data.kind === "row" ? rowsOf(dataset) : null;
  const { texts } = dataset;
  const textOf = texts ? (index: number) => excerpt(texts[index]!) : null;
  const shown = { image: dataset, pixelsOf, rowOf, textOf };
  const page = areEmbedded(evaluation)
    ? await renderEmbeddingEvaluation({ evaluation, ...shown })
    : await renderEvaluation({ evaluation, ...shown });
  const path = (name: string) => join(resolve(folder), name);
  writeFileAtomic(path("evaluation.json"), `${JSON.stringify(evaluation, null, 2)}\n`);
  writeFileAtomic(path("evaluation.html"), page);
  return path("evaluation.html");
}

function rowsOf(dataset: ImageDataset) {
  const { columns = [] } = dataset;
  return (index: number) => {
    const values = sampleAt(dataset, index);
    return columns.map((column, i) => ({ column, value: values[i]! }));
  };
}
