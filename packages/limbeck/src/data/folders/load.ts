import { LimbeckError } from "../../support/errors.js";
import type { ImageDataset } from "../dataset.js";
import { type ClassFolders, type FoundFiles, problem } from "./find.js";
import type { Medium } from "./medium.js";
import { findAll, findClasses, type Places, placesName, plainFolder } from "./places.js";
import { countFiles, FileReader, type ReaderOptions } from "./reader.js";

/** Labelled samples to learn from, and others to test by. */
export interface LoadedFolders {
  readonly train: ImageDataset;
  readonly test?: ImageDataset;
}

/** Which folders are read. */
export interface FolderChoice {
  /** Folders with a folder for each class, or patterns. */
  readonly folder: Places;
  readonly test?: Places | undefined;
  readonly unlabelled?: Places | undefined;
}

/**
 * Decodes folders of files by class, into memory or onto disk; samples that nobody has labelled stand behind those to learn from, with label 0.
 * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE; DATA_CORRUPT as {@link findClasses}, or where files cannot be decoded
 *   and none may be left out, or a class has no others; RECIPE_INVALID where all would take more memory than is allowed, and
 *   have no place on disk; DISK_FULL; the signal's reason
 */
export async function loadClassFolders(
  { folder, test, unlabelled }: FolderChoice,
  medium: Medium,
  options: ReaderOptions,
): Promise<LoadedFolders> {
  const { signal } = options;
  const all = await findClasses(folder, medium, signal);
  const tested = test === undefined ? undefined : await findClasses(test, medium, signal, all.classes);
  const mayOverlap = [folder, test].some((places) => places !== undefined && plainFolder(places) === undefined);
  const learned = tested && mayOverlap ? withoutTested(all, tested, placesName(folder), medium) : all;
  const known = [...learned.paths, ...(tested?.paths ?? [])];
  const more =
    unlabelled === undefined ? undefined : await findOthers(unlabelled, medium, known, signal, noOthers(medium));
  const parts = [learned, ...(more ? [more] : []), ...(tested ? [tested] : [])];
  const reader = new FileReader(medium, await countFiles(medium, parts, signal), options);
  const train = await read(reader, medium, placesName(folder), learned, more?.paths);
  const other = tested && (await read(reader, medium, placesName(test!), tested));
  reader.finish();
  return { train, ...(other ? { test: other } : {}) };
}

/**
 * Decodes all files of folders and of those below them, whatever the folders are called: without classes. What is for testing is not
 * learned from, wherever it lies.
 * @throws LimbeckError as {@link loadClassFolders}
 */
export async function loadBareFolders(
  { folder, test }: Pick<FolderChoice, "folder" | "test">,
  medium: Medium,
  options: ReaderOptions,
): Promise<LoadedFolders> {
  const { signal } = options;
  const fix = "Name another folder.";
  const none = `no ${medium.noun}`;
  const tested = test === undefined ? undefined : await findOthers(test, medium, [], signal, [none, fix]);
  const left = tested ? `${none} that is not in test` : none;
  const learned = await findOthers(folder, medium, tested?.paths ?? [], signal, [left, fix]);
  const counted = await countFiles(medium, [learned, ...(tested ? [tested] : [])], signal);
  const reader = new FileReader(medium, counted, options);
  const train = await read(reader, medium, placesName(folder), withoutClasses(learned));
  const other = tested && (await read(reader, medium, placesName(test!), withoutClasses(tested)));
  reader.finish();
  return { train, ...(other ? { test: other } : {}) };
}

/** Patterns may match the same files: what is for testing is not learned from. */
function withoutTested(
  { classes, paths, labels, ignored }: ClassFolders,
  tested: ClassFolders,
  name: string,
  { noun }: Medium,
): ClassFolders {
  const taken = new Set(tested.paths);
  const kept = paths.flatMap((path, i) => (taken.has(path) ? [] : [i]));
  const left = {
    classes,
    paths: kept.map((i) => paths[i]!),
    labels: Uint8Array.from(kept, (i) => labels[i]!),
    ignored,
  };
  const empty = classes.findIndex((_, label) => !left.labels.includes(label));
  if (empty < 0) return left;
  const fix = "Name fewer files for testing, or more to learn from.";
  throw problem(name, `has no ${noun} of ${classes[empty]} that is not in test`, fix);
}

function withoutClasses(found: FoundFiles): ClassFolders {
  return { ...found, classes: [], labels: new Uint8Array(found.paths.length) };
}

const noOthers = ({ noun }: Medium) =>
  [`no ${noun} that has no class`, "Leave unlabelled out, or name another folder."] as const;

/** Files that are not known already: what is tested must not be learned from, wherever it lies. */
async function findOthers(
  places: Places,
  medium: Medium,
  known: readonly string[],
  signal: AbortSignal,
  [none, fix]: readonly [none: string, fix: string],
): Promise<FoundFiles> {
  const found = await findAll(places, medium, signal);
  const taken = new Set(known);
  const paths = found.paths.filter((path) => !taken.has(path));
  if (paths.length > 0) return { paths, ignored: found.ignored + found.paths.length - paths.length };
  throw problem(placesName(places), `holds ${none}`, fix);
}

async function read(
  reader: FileReader,
  { noun, facts, count }: Medium,
  name: string,
  { classes, paths, labels: known }: ClassFolders,
  unlabelled?: readonly string[],
): Promise<ImageDataset> {
  const all = [...paths, ...(unlabelled ?? [])];
  const { pixels, origins } = await reader.read(all);
  const labels = Uint8Array.from(origins, (i) => known[i] ?? 0);
  const labelled = origins.filter((i) => i < paths.length).length;
  const empty = classes.findIndex((_, label) => !labels.subarray(0, labelled).includes(label));
  // Where nothing may be left out, all that is corrupt is told at the end.
  if (empty >= 0 && reader.mayLeaveOut) {
    const message = `${name} has no ${noun} of ${classes[empty]} that can be decoded`;
    const fix = "Replace them, or remove the class.";
    throw new LimbeckError("DATA_CORRUPT", message, { where: name, value: reader.corrupt, fix });
  }
  return {
    name,
    size: origins.length,
    ...facts,
    classes,
    pixels,
    labels,
    ...(count ? { groups: origins } : {}),
    ...(unlabelled ? { labelled } : {}),
    paths: Array.from(origins, (i) => all[i]!),
  };
}
