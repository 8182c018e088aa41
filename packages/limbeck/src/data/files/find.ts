import { createHash } from "node:crypto";
import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { extname, join, resolve } from "node:path";
import { LimbeckError, toFileError } from "../../support/errors.js";
import type { FileOptions } from "./options.js";

interface Found {
  readonly path: string;
  /** Decides which files are drawn: by the path's hash, so that the same ones are whatever the order of folders is. */
  readonly rank: string;
}

/** So many times `perKind` are kept of a kind before those that rank lower are let go. */
const SLACK = 4;

/**
 * Files in folders and below, at most `most`, and of each extension at most `perKind`: always the same ones. Links, sockets
 * and the like are passed over, as are folders that may not be read.
 * @returns paths in an order that mixes kinds and folders
 * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE where a given path itself cannot be read; the signal's reason
 */
export async function findFiles(
  roots: readonly string[],
  { most, perKind }: Pick<FileOptions, "most" | "perKind">,
  signal: AbortSignal,
): Promise<string[]> {
  const kinds = new Map<string, Found[]>();
  const take = (path: string) => {
    const kind = extname(path).toLowerCase();
    const files = kinds.get(kind) ?? [];
    files.push({ path, rank: createHash("sha1").update(path).digest("hex") });
    kinds.set(kind, files.length > SLACK * perKind ? best(files, perKind) : files);
  };
  for (const root of new Set(roots.map((path) => resolve(path)))) {
    if (await isFolder(root)) await walk(root, take, signal);
    else take(root);
  }
  const drawn = [...kinds.values()].flatMap((files) => best(files, perKind));
  return best(drawn, most).map(({ path }) => path);
}

function best(files: readonly Found[], count: number): Found[] {
  const once = new Map(files.map((file) => [file.path, file]));
  return [...once.values()].sort((a, b) => (a.rank < b.rank ? -1 : 1)).slice(0, count);
}

async function isFolder(root: string): Promise<boolean> {
  try {
    const facts = await stat(root);
    if (facts.isDirectory() || facts.isFile()) return facts.isDirectory();
  } catch (error) {
    throw toFileError(error, root, true);
  }
  throw new LimbeckError("FILE_UNREADABLE", `${root} is neither a file nor a folder`, {
    where: root,
    fix: "Name one.",
  });
}

async function walk(root: string, take: (path: string) => void, signal: AbortSignal): Promise<void> {
  const open = [root];
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    signal.throwIfAborted();
    for (const entry of await entriesOf(folder, folder === root)) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) open.push(path);
      else if (entry.isFile()) take(path);
    }
  }
}

async function entriesOf(folder: string, isRoot: boolean): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isRoot) throw toFileError(error, folder, true);
    return [];
  }
}
