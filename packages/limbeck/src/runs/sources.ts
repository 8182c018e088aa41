import { basename } from "node:path";
import { type ImageDataset, sampleName } from "../data/dataset.js";
import { loadFiles } from "../data/files/load.js";
import { loadIdxPair } from "../data/idx.js";
import { loadClassFolders } from "../data/images/load.js";
import type { ImagesListener } from "../data/images/reader.js";
import { NAMED_DATASETS } from "../data/named/index.js";
import { loadImageArrays, loadRowArrays } from "../data/numpy/load.js";
import { loadTable } from "../data/table/load.js";
import type { Recipe } from "../recipe/schema.js";
import { isFiles, isFolder, isImageArrays, isRowArrays, isTable, type TableSource } from "../recipe/source.js";
import { LimbeckError } from "../support/errors.js";
import { labelledByTeacher, restLabelledByTeacher } from "./teacher-labels.js";

/** What of a recipe says which samples there are. */
export type DataRecipe = Pick<Recipe, "data" | "seed" | "scheme"> & Partial<Pick<Recipe, "task" | "teacher">>;

/** For people: channels × height × width. */
export const sizeOf = ({ channels, height, width }: ImageDataset): string => `${channels} × ${height} × ${width}`;

/** @throws LimbeckError DATA_CORRUPT */
export function requireSameSize(train: ImageDataset, test: ImageDataset): void {
  const [trained, tested] = [sizeOf(train), sizeOf(test)];
  if (trained === tested) return;
  const what = sampleName(train);
  throw new LimbeckError("DATA_CORRUPT", `${test.name} has ${what}s of ${tested}, ${train.name} of ${trained}`, {
    where: test.name,
    value: tested,
    fix: `Give training and test ${what}s of one size.`,
  });
}

/** The test rows' classes and columns are those of the training rows. */
function loadTables(source: TableSource): LoadedSource {
  const train = loadTable(source.table, source);
  const { classes, columns } = train;
  const test =
    source.testTable === undefined
      ? undefined
      : loadTable(source.testTable, { ...source, classes: [...classes], columns: [...columns!] });
  return { train, test, source: basename(source.table) };
}

/** A source's samples, before anything is drawn. */
export interface LoadedSource {
  readonly train: ImageDataset;
  readonly test?: ImageDataset | undefined;
  readonly source: string;
}

/** Loads what a recipe names as its source. @throws LimbeckError as `loadSamples` does */
export async function loadSource(
  { data: { source }, teacher }: DataRecipe,
  signal: AbortSignal,
  listener: ImagesListener,
): Promise<LoadedSource> {
  if (typeof source === "string") {
    const { train, test, edition } = await NAMED_DATASETS[source].load({ signal });
    return { train, test, source: edition === "official" ? source : `${source} (${edition})` };
  }
  if (isTable(source)) return loadTables(source);
  if (isFolder(source)) {
    const { train, test } = await loadClassFolders(source, signal, listener);
    return { train: await restLabelledByTeacher(train, teacher, signal), test, source: basename(source.folder) };
  }
  if (isFiles(source)) {
    const files = [source.files].flat();
    const train = await labelledByTeacher(await loadFiles(files, source, signal), teacher, source.classes, signal);
    return { train, source: files.map((path) => basename(path)).join(", ") };
  }
  if (isImageArrays(source)) {
    const train = loadImageArrays(source);
    const { classes } = train;
    const test = source.test && loadImageArrays({ ...source.test, layout: source.layout, classes });
    if (test) requireSameSize(train, test);
    return { train, test, source: basename(source.images) };
  }
  if (isRowArrays(source)) {
    const train = loadRowArrays(source);
    const test = source.test && loadRowArrays({ ...source.test, classes: train.classes });
    if (test) requireSameSize(train, test);
    return { train, test, source: basename(source.rows) };
  }
  const load = ({ images, labels }: { images: string; labels: string }, classes?: readonly string[]) =>
    loadIdxPair(images, labels, { name: images, ...(classes ? { classes } : {}) });
  const train = load(source.train, source.classes);
  const test = source.test && load(source.test, train.classes);
  if (test) requireSameSize(train, test);
  return { train, test, source: source.train.images };
}
