import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { cacheFolder } from "../support/cache-folder.js";
import { LimbeckError } from "../support/errors.js";
import { download } from "./download.js";
import { editionOf, hashFile, hashMismatch, type PublishedFile } from "./published.js";

/** What finding data needs of the world. Everything has a default; tests and embedders pass their own. */
export interface DataContext {
  /**
   * Environment variables, by default the process's own. Read are LIMBECK_DATA_DIR (mirror folders, separated as in
   * PATH), LIMBECK_CACHE_DIR (by default `limbeck` in the platform's cache folder) and LIMBECK_OFFLINE (1: never
   * download).
   */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** By default the global one. */
  readonly fetch?: typeof globalThis.fetch;
  /** Aborts a download. */
  readonly signal?: AbortSignal;
  /** Mirror folders that packages of the operating system fill; by default Debian's `/usr/share/datasets`. */
  readonly systemFolders?: readonly string[];
}

/** A file on disk whose content was checked. */
export interface LocatedFile {
  readonly path: string;
  /** Which {@link PublishedFile.sha256} it has. */
  readonly edition: string;
}

type Environment = NonNullable<DataContext["env"]>;

interface Place {
  readonly path: string;
  readonly note: string;
  /** What to do where the file at this place is a wrong one. */
  readonly remedy: string;
}

/**
 * Finds one file of a named data set: in the mirror folders (`<folder>/<dataset>/<file>`), else in the cache, else by
 * download into the cache. The first file that exists is taken, and it must be the published one.
 * @throws LimbeckError HASH_MISMATCH where a file has another content, DATA_MISSING where there is none anywhere (the
 *   message lists every place), FILE_UNREADABLE, FILE_UNWRITABLE, DISK_FULL; the signal's reason where it aborts.
 */
export async function locateFile(
  dataset: string,
  file: PublishedFile,
  context: DataContext = {},
): Promise<LocatedFile> {
  const env = context.env ?? process.env;
  const places = placesOf(dataset, file, env, context.systemFolders ?? SYSTEM_FOLDERS);
  for (const place of places) {
    if (existsSync(place.path)) return { path: place.path, edition: await checkFile(file, place) };
  }
  if (isOffline(env)) throw missing(dataset, file, places, "not downloaded, because LIMBECK_OFFLINE is set");
  const target = cachePath(dataset, file, env);
  const { fetch = globalThis.fetch, signal } = context;
  const result = await download(file, target, { fetch, signal });
  if ("failure" in result) throw missing(dataset, file, places, result.failure);
  return { path: target, edition: result.edition };
}

/**
 * Finds all files of a named data set, by name. They must be of one edition: the labels of one are in another order
 * than the images of another.
 * @throws LimbeckError as {@link locateFile}, and HASH_MISMATCH where editions are mixed.
 */
export async function locateFiles(
  dataset: string,
  files: readonly PublishedFile[],
  context: DataContext = {},
): Promise<ReadonlyMap<string, LocatedFile>> {
  const located = new Map<string, LocatedFile>();
  for (const file of files) located.set(file.name, await locateFile(dataset, file, context));
  const found = [...located.values()];
  if (new Set(found.map(({ edition }) => edition)).size > 1) {
    const list = found.map(({ path, edition }) => `\n  ${path}: ${edition}`).join("");
    const message = `The files of ${dataset} are of different editions, so that labels would not match images:${list}`;
    const fix = "Keep the files of one edition only, in one folder, and remove the others.";
    throw new LimbeckError("HASH_MISMATCH", message, { value: found, where: found[0]!.path, fix });
  }
  return located;
}

const SYSTEM_FOLDERS: readonly string[] = process.platform === "win32" ? [] : ["/usr/share/datasets"];

function placesOf(dataset: string, file: PublishedFile, env: Environment, systemFolders: readonly string[]): Place[] {
  const here = (folder: string): string => join(folder, dataset, file.name);
  const remedy = `Replace it by ${file.url}, or remove it so that the next place is tried.`;
  return [
    ...mirrorFolders(env).map((folder) => ({ path: here(folder), note: "LIMBECK_DATA_DIR", remedy })),
    ...systemFolders.map((folder) => ({ path: here(folder), note: "system package", remedy })),
    { path: cachePath(dataset, file, env), note: "cache", remedy: "Delete it: it will be downloaded again." },
  ];
}

function mirrorFolders(env: Environment): string[] {
  return (env.LIMBECK_DATA_DIR ?? "").split(delimiter).filter((folder) => folder !== "");
}

function cachePath(dataset: string, file: PublishedFile, env: Environment): string {
  return join(cacheFolder(env), "datasets", dataset, file.name);
}

/** Whether nothing may be downloaded. */
export function isOffline(env: Environment): boolean {
  return !["", "0", undefined].includes(env.LIMBECK_OFFLINE);
}

async function checkFile(file: PublishedFile, place: Place): Promise<string> {
  const found = await hashFile(place.path);
  const edition = editionOf(file, found);
  if (edition === undefined) throw hashMismatch(file, place.path, found, place.remedy);
  return edition;
}

function missing(dataset: string, file: PublishedFile, places: readonly Place[], failure: string): LimbeckError {
  const tried = [...places.map(({ path, note }) => `${path}: not there (${note})`), `${file.url}: ${failure}`];
  const list = tried.map((line) => `\n  ${line}`).join("");
  const message = `The data set ${dataset} needs ${file.name}, and it is nowhere to be found. Tried were:${list}`;
  const where = places[0]!.path;
  const fix = `Download ${file.url} and put it at ${where}, or run once with network access and without LIMBECK_OFFLINE.`;
  return new LimbeckError("DATA_MISSING", message, { value: tried, where, fix });
}
