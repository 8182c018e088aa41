import { LimbeckError } from "../../support/errors.js";
import type { ImageDataset } from "../dataset.js";
import { type ClassFolders, findClassFolders } from "./find.js";
import type { ImageOptions } from "./options.js";
import { ImageReader, type ImagesListener } from "./reader.js";

/** Labelled images to learn from, and others to test by. */
export interface LoadedFolders {
  readonly train: ImageDataset;
  readonly test?: ImageDataset;
}

/**
 * Decodes folders of images by class into memory.
 * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE; DATA_CORRUPT as {@link findClassFolders}, or where images cannot be decoded
 *   and none may be left out, or a class has no others; RECIPE_INVALID where all would take more than 2 GB;
 *   the signal's reason
 */
export async function loadClassFolders(
  { folder, test, ...options }: ImageOptions & { readonly folder: string; readonly test?: string | undefined },
  signal: AbortSignal,
  listener: ImagesListener = {},
): Promise<LoadedFolders> {
  const learned = await findClassFolders(folder, signal);
  const tested = test === undefined ? undefined : await findClassFolders(test, signal, learned.classes);
  const parts = [learned, ...(tested ? [tested] : [])];
  const reader = new ImageReader(parts, options, signal, listener);
  const train = await read(reader, folder, learned);
  const other = tested && (await read(reader, test!, tested));
  reader.finish();
  return { train, ...(other ? { test: other } : {}) };
}

async function read(reader: ImageReader, name: string, found: ClassFolders): Promise<ImageDataset> {
  const { pixels, kept } = await reader.read(found.paths);
  const labels = Uint8Array.from(kept, (i) => found.labels[i]!);
  const empty = found.classes.findIndex((_, label) => !labels.includes(label));
  // Where nothing may be left out, all that is corrupt is told at the end.
  if (empty >= 0 && reader.mayLeaveOut) {
    const message = `${name} has no image of ${found.classes[empty]} that can be decoded`;
    const fix = "Replace them, or remove the class.";
    throw new LimbeckError("DATA_CORRUPT", message, { where: name, value: reader.corrupt, fix });
  }
  return { name, size: kept.length, ...reader.geometry, classes: found.classes, pixels, labels };
}
