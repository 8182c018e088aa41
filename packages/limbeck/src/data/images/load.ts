import { LimbeckError } from "../../support/errors.js";
import type { ImageDataset } from "../dataset.js";
import { type ClassFolders, type FoundImages, findClassFolders, findImages } from "./find.js";
import type { ImageOptions } from "./options.js";
import { ImageReader, type ImagesListener } from "./reader.js";

/** Labelled images to learn from, and others to test by. */
export interface LoadedFolders {
  readonly train: ImageDataset;
  readonly test?: ImageDataset;
}

type FolderOptions = ImageOptions & {
  readonly folder: string;
  readonly test?: string | undefined;
  readonly unlabelled?: string | undefined;
};

/**
 * Decodes folders of images by class into memory; images that nobody has labelled stand behind those to learn from, with label 0.
 * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE; DATA_CORRUPT as {@link findClassFolders}, or where images cannot be decoded
 *   and none may be left out, or a class has no others; RECIPE_INVALID where all would take more than 2 GB;
 *   the signal's reason
 */
export async function loadClassFolders(
  { folder, test, unlabelled, ...options }: FolderOptions,
  signal: AbortSignal,
  listener: ImagesListener = {},
): Promise<LoadedFolders> {
  const learned = await findClassFolders(folder, signal);
  const tested = test === undefined ? undefined : await findClassFolders(test, signal, learned.classes);
  const known = [...learned.paths, ...(tested?.paths ?? [])];
  const more = unlabelled === undefined ? undefined : await findOthers(unlabelled, known, signal, NO_OTHERS);
  const parts = [learned, ...(more ? [more] : []), ...(tested ? [tested] : [])];
  const reader = new ImageReader(parts, options, signal, listener);
  const train = await read(reader, folder, learned, more?.paths);
  const other = tested && (await read(reader, test!, tested));
  reader.finish();
  return { train, ...(other ? { test: other } : {}) };
}

/**
 * Decodes all images of folders and of those below them into memory, whatever the folders are called: without classes. What is for
 * testing is not learned from, wherever it lies.
 * @throws LimbeckError as {@link loadClassFolders}
 */
export async function loadImageFolders(
  { folder, test, ...options }: Omit<FolderOptions, "unlabelled">,
  signal: AbortSignal,
  listener: ImagesListener = {},
): Promise<LoadedFolders> {
  const fix = "Name another folder.";
  const tested = test === undefined ? undefined : await findOthers(test, [], signal, ["no image", fix]);
  const none = tested ? "no image that is not in test" : "no image";
  const learned = await findOthers(folder, tested?.paths ?? [], signal, [none, fix]);
  const reader = new ImageReader([learned, ...(tested ? [tested] : [])], options, signal, listener);
  const train = await read(reader, folder, withoutClasses(learned));
  const other = tested && (await read(reader, test!, withoutClasses(tested)));
  reader.finish();
  return { train, ...(other ? { test: other } : {}) };
}

function withoutClasses(found: FoundImages): ClassFolders {
  return { ...found, classes: [], labels: new Uint8Array(found.paths.length) };
}

const NO_OTHERS = ["no image that has no class", "Leave unlabelled out, or name another folder."] as const;

/** Images that are not known already: what is tested must not be learned from, wherever it lies. */
async function findOthers(
  folder: string,
  known: readonly string[],
  signal: AbortSignal,
  [none, fix]: readonly [none: string, fix: string],
): Promise<FoundImages> {
  const found = await findImages(folder, signal);
  const taken = new Set(known);
  const paths = found.paths.filter((path) => !taken.has(path));
  if (paths.length > 0) return { paths, ignored: found.ignored + found.paths.length - paths.length };
  throw new LimbeckError("DATA_CORRUPT", `${folder} holds ${none}`, { where: folder, fix });
}

async function read(
  reader: ImageReader,
  name: string,
  { classes, paths, labels: known }: ClassFolders,
  unlabelled?: readonly string[],
): Promise<ImageDataset> {
  const all = [...paths, ...(unlabelled ?? [])];
  const { pixels, kept } = await reader.read(all);
  const labels = Uint8Array.from(kept, (i) => known[i] ?? 0);
  const labelled = kept.filter((i) => i < paths.length).length;
  const empty = classes.findIndex((_, label) => !labels.subarray(0, labelled).includes(label));
  // Where nothing may be left out, all that is corrupt is told at the end.
  if (empty >= 0 && reader.mayLeaveOut) {
    const message = `${name} has no image of ${classes[empty]} that can be decoded`;
    const fix = "Replace them, or remove the class.";
    throw new LimbeckError("DATA_CORRUPT", message, { where: name, value: reader.corrupt, fix });
  }
  return {
    name,
    size: kept.length,
    ...reader.geometry,
    classes,
    pixels,
    labels,
    ...(unlabelled ? { labelled } : {}),
    paths: kept.map((i) => all[i]!),
  };
}
