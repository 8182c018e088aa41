import { type DataFile, openLocal } from "../data/data-file.js";
import { filesMatching } from "../data/matching.js";

/**
 * Opens files that a recipe names by path, pattern or address.
 * @param key what of the recipe names them
 * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE; the signal's reason
 */
export async function openFiles(
  named: string | readonly string[],
  key: string,
  signal: AbortSignal,
): Promise<DataFile[]> {
  const paths = await filesMatching([named].flat(), key, signal);
  return Promise.all(paths.map(openLocal));
}
