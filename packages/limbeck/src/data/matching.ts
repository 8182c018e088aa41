import { existsSync } from "node:fs";
import { dirname, join, sep } from "node:path";
import { glob } from "tinyglobby";
import { LimbeckError, toFileError } from "../support/errors.js";

/** What makes a pattern of a path. */
const SIGNS = /[*?[\]{}]|[!+@]\(/;

/**
 * Files that patterns such as `data/*.csv` or `photos/**` match, sorted by code unit, each once; links to folders are not
 * followed, and hidden files do not match. A path that exists is itself, whatever signs it has.
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
  const { folder, rest } = literalPart(pattern);
  const options = {
    absolute: true,
    cwd: folder,
    dot: false,
    expandDirectories: false,
    followSymbolicLinks: false,
    onlyFiles: true,
    signal,
  };
  let found: readonly string[];
  try {
    found = existsSync(folder) ? await glob(rest, options) : [];
  } catch (error) {
    signal.throwIfAborted();
    throw toFileError(error, folder, true);
  }
  if (found.length > 0) return found.map((path) => path.replaceAll("/", sep)).sort();
  throw new LimbeckError("FILE_MISSING", `${pattern} matches no file`, {
    where: key,
    value: pattern,
    fix: existsSync(folder) ? `Look into ${folder}: * matches within a folder, ** across folders.` : "Check the path.",
  });
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
