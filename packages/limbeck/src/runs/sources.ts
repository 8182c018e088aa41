import { basename, join } from "node:path";
import { wavFiles } from "../data/audio/medium.js";
import { type ImageDataset, sampleName } from "../data/dataset.js";
import { loadFiles } from "../data/files/load.js";
import { loadClassFolders } from "../data/folders/load.js";
import { shortPlaces } from "../data/folders/places.js";
import type { FilesListener } from "../data/folders/reader.js";
import { loadIdxPair } from "../data/idx.js";
import { imageFiles } from "../data/images/medium.js";
import { filesMatching } from "../data/matching.js";
import { NAMED_DATASETS } from "../data/named/index.js";
import { loadImageArrays, loadRowArrays } from "../data/numpy/load.js";
import { loadRecords } from "../data/records/load.js";
import { DEFAULT_MEMORY } from "../data/samples/options.js";
import { loadTable } from "../data/table/load.js";
import { loadTexts } from "../data/texts/load.js";
import type { Recipe } from "../recipe/schema.js";
import {
  type AudioSource,
  type FileSource,
  type FolderSource,
  isAudio,
  isFiles,
  isFolder,
  isImageArrays,
  isIterable,
  isRecords,
  isRowArrays,
  isTable,
  isTexts,
  type RecordsSource,
  type TableSource,
  type TextSource,
} from "../recipe/source.js";
import { cacheFolder } from "../support/cache-folder.js";
import { LimbeckError } from "../support/errors.js";
import { firstNames } from "../support/nearest.js";
import { dataFiles, withoutTested } from "./data-files.js";
import { noSamples } from "./given-samples.js";
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
async function loadTables(source: TableSource, signal: AbortSignal): Promise<LoadedSource> {
  const { table, testTable } = source;
  const tested = testTable === undefined ? undefined : await dataFiles(testTable, "data.source.testTable", signal);
  const files = withoutTested(await dataFiles(table, "data.source.table", signal), tested, "data.source.table");
  const train = await loadTable(files, source, signal);
  const { classes, columns } = train;
  const same = { ...source, classes: [...classes], columns: [...columns!] };
  if (!tested) return { train, source: namesOf(files) };
  return { train, test: await loadTable(tested, same, signal), source: namesOf(files) };
}

async function loadTextFiles(
  source: TextSource,
  teacher: DataRecipe["teacher"],
  signal: AbortSignal,
): Promise<LoadedSource> {
  const { texts, test, unlabelled, ...options } = source;
  const filesOf = (named: typeof test, key: string) =>
    named === undefined ? undefined : dataFiles(named, `data.source.${key}`, signal);
  const tested = await filesOf(test, "test");
  const files = {
    texts: withoutTested((await filesOf(texts, "texts"))!, tested, "data.source.texts"),
    test: tested,
    unlabelled: await filesOf(unlabelled, "unlabelled"),
  };
  const { train, ...loaded } = await loadTexts(files, options, signal);
  return { ...loaded, train: await restLabelledByTeacher(train, teacher, signal), source: namesOf(files.texts) };
}

async function loadRecordFiles(
  { records, test, ...options }: RecordsSource,
  signal: AbortSignal,
  listener: FilesListener,
): Promise<LoadedSource> {
  const tested = test === undefined ? undefined : await dataFiles(test, "data.source.test", signal);
  const files = withoutTested(await dataFiles(records, "data.source.records", signal), tested, "data.source.records");
  return { ...(await loadRecords(files, tested, options, signal, listener)), source: namesOf(files) };
}

/** For people: some of many files. */
function namesOf(files: readonly { readonly name: string }[]): string {
  return firstNames(
    files.map(({ name }) => basename(name)),
    3,
  );
}

/** A source's samples, before anything is drawn. */
export interface LoadedSource {
  readonly train: ImageDataset;
  readonly test?: ImageDataset | undefined;
  readonly source: string;
}

/** Which folders a source has, and how they are read. */
export function foldersOf(
  source: FolderSource | AudioSource,
  memory: number | undefined,
  signal: AbortSignal,
  listener: FilesListener,
) {
  const places = { memory, cache: join(cacheFolder(), "decoded") };
  const reading = { corrupt: source.corrupt, signal, listener, places };
  return isFolder(source)
    ? { choice: source, medium: imageFiles(source), reading }
    : { choice: { ...source, folder: source.audio }, medium: wavFiles(source), reading };
}

/** Bytes of files, which nobody has labelled yet. @throws LimbeckError as `loadFiles` does */
export async function loadBareFiles(source: FileSource, signal: AbortSignal): Promise<LoadedSource> {
  const files = await filesMatching([source.files].flat(), "data.source.files", signal);
  return { train: await loadFiles(files, source, signal), source: namesOf(files.map((name) => ({ name }))) };
}

/** Loads what a recipe names as its source. @throws LimbeckError as `loadSamples` does */
export async function loadSource(
  { data: { source, memory = DEFAULT_MEMORY }, teacher }: DataRecipe,
  signal: AbortSignal,
  listener: FilesListener,
): Promise<LoadedSource> {
  if (typeof source === "string") {
    const { train, test, edition } = await NAMED_DATASETS[source].load({ signal });
    return { train, test, source: edition === "official" ? source : `${source} (${edition})` };
  }
  if (isIterable(source)) throw noSamples(source);
  if (isTable(source)) return loadTables(source, signal);
  if (isTexts(source)) return loadTextFiles(source, teacher, signal);
  if (isRecords(source)) return loadRecordFiles(source, signal, listener);
  if (isFolder(source) || isAudio(source)) {
    const { choice, medium, reading } = foldersOf(source, memory, signal, listener);
    const { train, test } = await loadClassFolders(choice, medium, reading);
    return { train: await restLabelledByTeacher(train, teacher, signal), test, source: shortPlaces(choice.folder) };
  }
  if (isFiles(source)) {
    const { train, ...loaded } = await loadBareFiles(source, signal);
    return { ...loaded, train: await labelledByTeacher(train, teacher, source.classes, signal) };
  }
  if (isImageArrays(source)) {
    const train = loadImageArrays({ ...source, memory });
    const { classes } = train;
    const test = source.test && loadImageArrays({ ...source.test, layout: source.layout, classes, memory });
    if (test) requireSameSize(train, test);
    return { train, test, source: basename(source.images) };
  }
  if (isRowArrays(source)) {
    const train = loadRowArrays({ ...source, memory });
    const test = source.test && loadRowArrays({ ...source.test, classes: train.classes, memory });
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
