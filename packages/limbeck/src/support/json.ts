import { LimbeckError } from "./errors.js";
import { readText } from "./files.js";

/** JSON in which the keys of objects are sorted, so that equal values give equal text. */
export function canonicalJson(value: unknown): string {
  const sorted = (_: string, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner;
  return JSON.stringify(value, sorted);
}

/** Reads a JSON file that this program wrote. @throws LimbeckError FILE_MISSING, FILE_UNREADABLE */
export function readJson(path: string): unknown {
  const text = readText(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LimbeckError("FILE_UNREADABLE", `${path} is not valid JSON`, { where: path, cause: error });
  }
}
