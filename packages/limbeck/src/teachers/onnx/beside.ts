import { existsSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { LimbeckError } from "../../support/errors.js";
import { readJson } from "../../support/json.js";

/** More than any list of labels. */
const LARGEST = 16 * 2 ** 20;

/**
 * A file that lies beside a model, or above it where the model's own folder is called onnx, as on the Hugging Face hub.
 * @returns its path, if it is there
 */
export function besideModel(model: string, name: string): string | undefined {
  const folder = dirname(model);
  const places = basename(folder) === "onnx" ? [folder, dirname(folder)] : [folder];
  return places.map((place) => join(place, name)).find((path) => existsSync(path));
}

/** A small JSON file. @throws LimbeckError FILE_MISSING, FILE_UNREADABLE */
export function readSmallJson(path: string): unknown {
  requireSmall(path);
  return readJson(path);
}

/** @throws LimbeckError FILE_UNREADABLE for files that cannot be what they should */
export function requireSmall(path: string): void {
  if (!existsSync(path) || statSync(path).size <= LARGEST) return;
  throw new LimbeckError("FILE_UNREADABLE", `${path} is larger than ${LARGEST / 2 ** 20} MB`, {
    where: path,
    value: statSync(path).size,
    fix: "Name a list of labels, or a model's configuration.",
  });
}
