import { basename, dirname, extname, join } from "node:path";
import { firstNames } from "../../support/nearest.js";
import { filesAndFolders, isPattern, noMatch, shortName } from "../matching.js";
import {
  type ClassFolders,
  classFolders,
  type FileKind,
  type FoundFiles,
  findClassFolders,
  findFiles,
  problem,
  requireClasses,
} from "./find.js";
import { Union } from "./union.js";

/** Where files are looked for: a folder or a pattern, or several of both. */
export type Places = string | readonly string[];

/** How many of several places are named. */
const NAMED = 3;

/** As messages call them. */
export function placesName(places: Places): string {
  return firstNames([places].flat(), NAMED);
}

/** For people: without the folders above. */
export function shortPlaces(places: Places): string {
  return firstNames([places].flat().map(shortName), NAMED);
}

/** The folder that is named by its path, where it is but one. */
export function plainFolder(places: Places): string | undefined {
  const [only, ...more] = [places].flat();
  return only !== undefined && more.length === 0 && !isPattern(only) ? only : undefined;
}

/**
 * The labelled files of all places. A folder has one folder for each class, as {@link findClassFolders} says; so has each folder that a
 * pattern matches. A file that a pattern matches is of the class that its folder is called. Classes of several places are united by name.
 * @throws LimbeckError FILE_MISSING where a pattern matches nothing, FILE_UNREADABLE; DATA_CORRUPT as {@link findClassFolders}, and
 *   where a file is of two classes or a pattern matches files and folders; the signal's reason
 */
export async function findClasses(
  places: Places,
  kind: FileKind,
  signal: AbortSignal,
  wanted?: readonly string[],
): Promise<ClassFolders> {
  const only = plainFolder(places);
  if (only !== undefined) return findClassFolders(only, kind, signal, wanted);
  const union = new Union();
  for (const place of [places].flat()) {
    signal.throwIfAborted();
    const { files, folders } = isPattern(place)
      ? await labelledMatches(place, kind, union, signal)
      : { files: [], folders: [place] };
    for (const file of files) union.add(basename(dirname(file)), [file], place);
    for (const root of folders) await addRoot(root, kind, union, signal);
  }
  const name = placesName(places);
  const fix =
    "A file that a pattern matches is of the class that its folder is called; a folder has a folder for each class.";
  requireClasses(name, union.classes, wanted, fix);
  return union.found(name, kind);
}

/** Files of the kind, or the folders where there is none. */
async function labelledMatches(pattern: string, kind: FileKind, union: Union, signal: AbortSignal) {
  const { files, folders, ignored } = await matchesOfKind(pattern, kind, signal);
  if (files.length === 0) {
    if (folders.length === 0) throw noMatch(pattern, `${kind.noun} and no folder`, pattern);
    return { files, folders };
  }
  if (folders.length > 0 && !pattern.includes("**")) {
    const fix = `Write a pattern of ${kind.noun}s alone, such as ${pattern}.${example(kind)}, or of folders alone.`;
    throw problem(pattern, `matches ${kind.noun}s and folders, such as ${files[0]} and ${folders[0]}`, fix);
  }
  union.ignored += ignored;
  return { files, folders: [] };
}

async function addRoot(root: string, kind: FileKind, union: Union, signal: AbortSignal): Promise<void> {
  const { folders, ignored } = await classFolders(root);
  if (folders.length === 0) {
    const fix = `Name folders that have a folder for each class, or ${kind.noun}s, such as ${root}/*.${example(kind)}.`;
    throw problem(root, "has no folder of a class", fix);
  }
  union.ignored += ignored;
  for (const name of folders) {
    const found = await findFiles(join(root, name), kind, signal);
    union.ignored += found.ignored;
    union.add(name, found.paths, root);
  }
}

/**
 * All files of a kind, whatever their folders are called: those of folders and below them, and those that patterns match; where a pattern
 * matches none, those of the folders that it matches. Sorted by path.
 * @throws LimbeckError FILE_MISSING where a pattern matches nothing, FILE_UNREADABLE; the signal's reason
 */
export async function findAll(places: Places, kind: FileKind, signal: AbortSignal): Promise<FoundFiles> {
  const parts: FoundFiles[] = [];
  for (const place of [places].flat()) {
    if (!isPattern(place)) {
      parts.push(await findFiles(place, kind, signal));
      continue;
    }
    const { files, folders, ignored } = await matchesOfKind(place, kind, signal);
    if (files.length + folders.length + ignored === 0) throw noMatch(place, `${kind.noun} and no folder`, place);
    parts.push({ paths: files, ignored });
    if (files.length > 0) continue;
    for (const folder of folders) parts.push(await findFiles(folder, kind, signal));
  }
  const paths = [...new Set(parts.flatMap((part) => part.paths))].sort();
  return { paths, ignored: parts.reduce((sum, { ignored }) => sum + ignored, 0) };
}

async function matchesOfKind(pattern: string, kind: FileKind, signal: AbortSignal) {
  const { files: all, folders } = await filesAndFolders(pattern, signal);
  const files = all.filter((path) => kind.extensions.has(extname(path).toLowerCase()));
  return { files, folders, ignored: all.length - files.length };
}

const example = ({ extensions }: FileKind) => [...extensions][0]!.slice(1);
