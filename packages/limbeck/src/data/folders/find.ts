import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { LimbeckError, toFileError } from "../../support/errors.js";
import { MOST_CLASSES } from "../dataset.js";

/** What files are looked for. */
export interface FileKind {
  /** What one of them is called, such as `image`. */
  readonly noun: string;
  /** In lower case, with the dot. */
  readonly extensions: ReadonlySet<string>;
}

/** Files on disk, none of which has been opened yet. */
export interface FoundFiles {
  readonly paths: readonly string[];
  /** Files that are passed over: of other kinds, hidden ones, and links that lead nowhere useful. */
  readonly ignored: number;
}

/** The same, with a class each. */
export interface ClassFolders extends FoundFiles {
  /** Names of the folders, sorted by code unit. */
  readonly classes: readonly string[];
  /** `[paths]` */
  readonly labels: Uint8Array;
}

/**
 * The files of a folder with one folder for each class. A class's own folders count as well. Links to files are followed, and a
 * class may be a link; other links to folders are not, so that there are no loops.
 * @param wanted classes that there must be, no more and no fewer; by default whatever there is
 * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE; DATA_CORRUPT where there are not 2 to 256 classes, one has no file of the kind, or
 *   they are not those that are wanted; the signal's reason
 */
export async function findClassFolders(
  root: string,
  kind: FileKind,
  signal: AbortSignal,
  wanted?: readonly string[],
): Promise<ClassFolders> {
  const { folders, ignored: beside } = await classFolders(root);
  requireClasses(root, folders, wanted);
  const parts: FoundFiles[] = [];
  for (const name of folders) {
    const found = await findFiles(join(root, name), kind, signal);
    if (found.paths.length === 0) {
      const fix = `Remove the folder, or put ${kind.noun}s in it.`;
      throw problem(join(root, name), `is a class without ${kind.noun}s`, fix);
    }
    parts.push(found);
  }
  return {
    classes: folders,
    paths: parts.flatMap(({ paths }) => paths),
    labels: Uint8Array.from(parts.flatMap(({ paths }, label) => paths.map(() => label))),
    ignored: parts.reduce((sum, { ignored }) => sum + ignored, beside),
  };
}

/**
 * All files of a kind in a folder and in those below it, sorted by path.
 * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE; the signal's reason
 */
export async function findFiles(root: string, kind: FileKind, signal: AbortSignal): Promise<FoundFiles> {
  const paths: string[] = [];
  const open = [root];
  let ignored = 0;
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    signal.throwIfAborted();
    for (const entry of await entriesOf(folder)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !isHidden(entry)) open.push(path);
      else if (!entry.isDirectory() && (await isOfKind(kind, path, entry))) paths.push(path);
      else ignored++;
    }
  }
  return { paths: paths.sort(), ignored };
}

/** Names of a folder's classes, sorted by code unit. @throws LimbeckError FILE_MISSING, FILE_UNREADABLE */
export async function classFolders(root: string): Promise<{ folders: string[]; ignored: number }> {
  const entries = await entriesOf(root);
  const kept = await Promise.all(entries.map((entry) => isClass(root, entry)));
  const folders = entries.filter((_, i) => kept[i]).map(({ name }) => name);
  return { folders: folders.sort(), ignored: entries.length - folders.length };
}

async function isClass(root: string, entry: Dirent): Promise<boolean> {
  if (isHidden(entry)) return false;
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  const path = join(root, entry.name);
  const target = await stat(path).catch(() => undefined);
  if (!target?.isDirectory()) return false;
  // A link to what is above would make one class of all.
  const way = relative(await realpath(path), await realpath(root));
  return way !== "" && (way === ".." || way.startsWith(`..${sep}`));
}

/** @throws LimbeckError DATA_CORRUPT where there are not 2 to 256 classes, or they are not those that are wanted */
export function requireClasses(
  root: string,
  found: readonly string[],
  wanted: readonly string[] | undefined,
  fix = "Give each class a folder of its own, and name the folder that they are in.",
): void {
  if (!wanted && (found.length < 2 || found.length > MOST_CLASSES)) {
    throw problem(root, `has ${found.length} classes; there must be 2 to ${MOST_CLASSES}`, fix);
  }
  const strange = wanted && found.find((name) => !wanted.includes(name));
  if (strange !== undefined) {
    throw problem(
      root,
      `has the class ${strange}, which nothing is learned from`,
      "Give both folders the same classes.",
    );
  }
  const missing = wanted?.find((name) => !found.includes(name));
  if (missing !== undefined) {
    throw problem(root, `lacks the class ${missing}`, "Give both folders the same classes.");
  }
}

function isHidden({ name }: Dirent): boolean {
  return name.startsWith(".");
}

async function isOfKind({ extensions }: FileKind, path: string, entry: Dirent): Promise<boolean> {
  if (isHidden(entry) || !extensions.has(extname(entry.name).toLowerCase())) return false;
  if (!entry.isSymbolicLink()) return entry.isFile();
  // A link that leads nowhere is a file that cannot be read.
  const target = await stat(path).catch(() => undefined);
  return target?.isFile() ?? true;
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    throw toFileError(error, folder, true);
  }
}

/** What is wrong with a folder, and what to do. */
export function problem(where: string, what: string, fix: string): LimbeckError {
  return new LimbeckError("DATA_CORRUPT", `${where} ${what}`, { where, fix });
}
