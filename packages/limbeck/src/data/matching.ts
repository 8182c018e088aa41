import { type Dirent, existsSync, readdir } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { glob } from "tinyglobby";
import { LimbeckError, toFileError } from "../support/errors.js";

/** What makes a pattern of a path. */
const SIGNS = /[*?[\]{}]|[!+@]\(/;

/**
 * Files that patterns such as `data/*.csv` or `photos/**` match, sorted by code unit, each once; links to files are followed, links
 * to folders are not, and hidden files do not match. A path that exists is itself, whatever signs it has.
 * @param key what of a recipe has the patterns
 * @throws LimbeckError FILE_MISSING where a pattern matches nothing, FILE_UNREADABLE; the signal's reason
 */
export async function filesMatching(
  patterns: readonly string[],
  key: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const found = new Set<string>();
  for (const pattern of patterns) {
    signal.throwIfAborted();
    for (const path of await matches(pattern, key, signal)) found.add(path);
  }
  return [...found];
}

/** Whether a path is a pattern, rather than the name of what is there. */
export function isPattern(path: string): boolean {
  return SIGNS.test(path) && !existsSync(path);
}

async function matches(pattern: string, key: string, signal: AbortSignal): Promise<readonly string[]> {
  if (!isPattern(pattern)) return [pattern];
  const { files } = await filesAndFolders(pattern, signal);
  if (files.length > 0) return files;
  throw noMatch(pattern, "file", key);
}

/**
 * What a pattern matches, sorted by code unit; it may be nothing.
 * @throws LimbeckError FILE_UNREADABLE; the signal's reason
 */
export async function filesAndFolders(
  pattern: string,
  signal: AbortSignal,
): Promise<{ files: readonly string[]; folders: readonly string[] }> {
  const { folder, rest } = literalPart(pattern);
  const options = {
    absolute: true,
    cwd: folder,
    dot: false,
    expandDirectories: false,
    followSymbolicLinks: false,
    fs: { readdir: readWithLinks as typeof readdir },
    onlyFiles: false,
    signal,
  };
  let found: readonly string[];
  try {
    found = existsSync(folder) ? await glob(rest, options) : [];
  } catch (error) {
    signal.throwIfAborted();
    throw toFileError(error, folder, true);
  }
  const own = (paths: readonly string[]) => paths.map((path) => path.replaceAll("/", sep)).sort();
  return {
    files: own(found.filter((path) => !path.endsWith("/"))),
    folders: own(found.filter((path) => path.endsWith("/")).map((path) => path.slice(0, -1))),
  };
}

/** The error for a pattern that matches nothing. @param wanted what was looked for, such as `image` */
export function noMatch(pattern: string, wanted: string, where: string): LimbeckError {
  const { folder } = literalPart(pattern);
  return new LimbeckError("FILE_MISSING", `${pattern} matches no ${wanted}`, {
    where,
    value: pattern,
    fix: existsSync(folder) ? `Look into ${folder}: * matches within a folder, ** across folders.` : "Check the path.",
  });
}

/** For people: the end of a path, or a pattern from the folder on in which it looks. */
export function shortName(path: string): string {
  if (!isPattern(path)) return basename(path);
  const { folder, rest } = literalPart(path);
  return join(basename(folder), rest);
}

type Done = (error: Error | null, entries?: Dirent[]) => void;

/** A folder's entries, in which links to files are files. */
function readWithLinks(folder: string, options: { withFileTypes: true }, done: Done): void {
  readdir(folder, options, (error, entries) => {
    if (error) done(error);
    else Promise.all(entries.map((entry) => withoutLink(folder, entry))).then((all) => done(null, all), done);
  });
}

async function withoutLink(folder: string, entry: Dirent): Promise<Dirent> {
  if (!entry.isSymbolicLink()) return entry;
  const target = await stat(join(folder, entry.name)).catch(() => undefined);
  // A link that leads nowhere is a file that cannot be read.
  if (target && !target.isFile()) return entry;
  return Object.assign(Object.create(entry) as Dirent, { isFile: () => true, isSymbolicLink: () => false });
}

/** The folders that stand before a pattern's first sign; those that exist may have signs in their names. */
function literalPart(pattern: string): { folder: string; rest: string } {
  const rest: string[] = [];
  let folder = pattern;
  while (dirname(folder) !== folder && isPattern(folder)) {
    rest.unshift(folder.slice(dirname(folder).length).replaceAll(sep, ""));
    folder = dirname(folder);
  }
  return { folder: folder === "." ? join(folder) : folder, rest: rest.join("/") };
}
