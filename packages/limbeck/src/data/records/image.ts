import { dirname, isAbsolute, relative, resolve, sep } from "node:path";
import type { EncodedFile } from "../folders/reader.js";
import { shown } from "../table/cells.js";
import { corrupt } from "../table/formats/format.js";

interface Place {
  /** The row, as messages call it. */
  readonly where: string;
  readonly column: string;
  /** The folder that files are named from; none where the table lies elsewhere. */
  readonly root: string | undefined;
}

/**
 * An image of a table: bytes, a path, or Hugging Face's record of both.
 * @throws LimbeckError DATA_CORRUPT where it is none of these, or leaves the folder
 */
export function imageOf(cell: unknown, place: Place): EncodedFile {
  if (cell instanceof Uint8Array) return bytesAt(cell, place);
  if (typeof cell === "string") return pathOf(cell, place);
  const { bytes, path } = (cell ?? {}) as { bytes?: unknown; path?: unknown };
  if (bytes instanceof Uint8Array && bytes.length > 0) return bytesAt(bytes, place);
  if (typeof path === "string") return pathOf(path, place);
  throw wrong(place, `${shown(cell)} is no image, nor the name of one`);
}

function bytesAt(bytes: Uint8Array, { where }: Place): EncodedFile {
  return { name: where, bytes };
}

function pathOf(name: string, place: Place): string {
  const { root } = place;
  if (name.trim() === "") throw wrong(place, "nothing is no image, nor the name of one");
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(name))
    throw wrong(place, `${shown(name)} is an address; name files that are here`);
  if (root === undefined)
    throw wrong(place, `${shown(name)} is the name of a file, which is not here; set data.source.root`);
  const path = resolve(root, name);
  const way = relative(root, path);
  if (name.includes("\0") || way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way)) {
    throw wrong(
      place,
      `${shown(name)} leads out of ${root}; if that is meant, name a folder above both as data.source.root`,
    );
  }
  return path;
}

function wrong({ where, column }: Place, problem: string): Error {
  return corrupt(where, `column ${JSON.stringify(column)}: ${problem}`);
}

/** The folder in which a table's images are. */
export function rootOf(table: string, root: string | undefined): string | undefined {
  return root ?? (/^\w+:\/\//.test(table) ? undefined : dirname(resolve(table)));
}
