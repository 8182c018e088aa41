import { localFile, type NamedFile } from "../data/data-file.js";
import { isOffline } from "../data/locate.js";
import { filesMatching } from "../data/matching.js";
import { isAddress } from "../imported/address.js";
import { hubDataFiles } from "../imported/hub-dataset.js";
import { cacheFolder } from "../support/cache-folder.js";
import { LimbeckError } from "../support/errors.js";

/** Files that are not for testing as well. @throws LimbeckError DATA_CORRUPT where none is left */
export function withoutTested(
  files: readonly NamedFile[],
  tested: readonly NamedFile[] | undefined,
  key: string,
): readonly NamedFile[] {
  const names = new Set(tested?.map(({ name }) => name));
  const left = files.filter(({ name }) => !names.has(name));
  if (left.length > 0) return left;
  throw new LimbeckError("DATA_CORRUPT", `all files of ${key} are for testing as well`, {
    where: key,
    value: files.map(({ name }) => name),
    fix: "Name other files to learn from, or leave those for testing out and set data.test.",
  });
}

/**
 * Files that a recipe names by path, pattern or address.
 * @param key what of the recipe names them
 * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE, DOWNLOAD_FAILED, RECIPE_INVALID; the signal's reason
 */
export async function dataFiles(
  named: string | readonly string[],
  key: string,
  signal: AbortSignal,
): Promise<NamedFile[]> {
  const found: NamedFile[] = [];
  for (const name of [named].flat()) {
    if (isAddress(name)) {
      found.push(...(await hubDataFiles(name, { cache: cacheFolder(), signal, isOffline: isOffline(process.env) })));
    } else found.push(...(await filesMatching([name], key, signal)).map(localFile));
  }
  return [...new Map(found.map((file) => [file.name, file])).values()];
}
