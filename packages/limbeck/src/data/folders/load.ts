import { LimbeckError } from "../../support/errors.js";
import type { ImageDataset } from "../dataset.js";
import { type ClassFolders, type FoundFiles, findClassFolders, findFiles } from "./find.js";
import type { Medium } from "./medium.js";
import { countFiles, FileReader, type ReaderOptions } from "./reader.js";

/** Labelled samples to learn from, and others to test by. */
export interface LoadedFolders {
  readonly train: ImageDataset;
  readonly test?: ImageDataset;
}

/** Which folders are read. */
export interface FolderChoice {
  /** A folder for each class lies in it. */
  readonly folder: string;
  readonly test?: string | undefined;
  readonly unlabelled?: string | undefined;
}

/**
 * Decodes folders of files by class, into memory or onto disk; samples that nobody has labelled stand behind those to learn from, with label 0.
 * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE; DATA_CORRUPT as {@link findClassFolders}, or where files cannot be decoded
 *   and none may be left out, or a class has no others; RECIPE_INVALID where all would take more memory than is allowed, and
 *   have no place on disk; DISK_FULL; the signal's reason
 */
export async function loadClassFolders(
  { folder, test, unlabelled }: FolderChoice,
  medium: Medium,
  options: ReaderOptions,
): Promise<LoadedFolders> {
  const { signal } = options;
  const learned = await findClassFolders(folder, medium, signal);
  const tested = test === undefined ? undefined : await findClassFolders(test, medium, signal, learned.classes);
  const known = [...learned.paths, ...(tested?.paths ?? [])];
  const more = unlabelled === undefined ? undefined : await findOthers(unlabelled, medium, known, signal);
  const parts = [learned, ...(more ? [more] : []), ...(tested ? [tested] : [])];
  const reader = new FileReader(medium, await countFiles(medium, parts, signal), options);
  const train = await read(reader, medium, folder, learned, more?.paths);
  const other = tested && (await read(reader, medium, test!, tested));
  reader.finish();
  return { train, ...(other ? { test: other } : {}) };
}

/** Files that are not known already: what is tested must not be learned from, wherever it lies. */
async function findOthers(
  folder: string,
  medium: Medium,
  known: readonly string[],
  signal: AbortSignal,
): Promise<FoundFiles> {
  const found = await findFiles(folder, medium, signal);
  const taken = new Set(known);
  const paths = found.paths.filter((path) => !taken.has(path));
  if (paths.length > 0) return { paths, ignored: found.ignored + found.paths.length - paths.length };
  throw new LimbeckError("DATA_CORRUPT", `${folder} holds no ${medium.noun} that has no class`, {
    where: folder,
    fix: "Leave unlabelled out, or name another folder.",
  });
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
