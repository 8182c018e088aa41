import { LimbeckError } from "./errors.js";
import { readText } from "./files.js";

/** Reads a JSON file that this program wrote. @throws LimbeckError FILE_MISSING, FILE_UNREADABLE */
export function readJson(path: string): unknown {
  const text = readText(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LimbeckError("FILE_UNREADABLE", `${path} is not valid JSON`, { where: path, cause: error });
  }
}
