import { createHash } from "node:crypto";
import { type Stats, statSync } from "node:fs";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import type { ExternalData } from "@limbeck/graph";
import { LimbeckError, toFileError } from "./errors.js";
import { readBytes } from "./files.js";

/** Node reads no more at once, and protobuf's files end there. */
const LARGEST_FILE = 2 ** 31 - 1;

/** An ONNX file and what reads the files beside it. */
export interface ModelFile {
  readonly bytes: Uint8Array;
  readonly externalData: ExternalData;
}

/** Reads an ONNX file. @throws LimbeckError FILE_MISSING, FILE_UNREADABLE */
export function readModelFile(path: string): ModelFile {
  const files = new Map<string, Uint8Array>();
  const externalData: ExternalData = (location) => {
    const known = files.get(location) ?? readRegular(externalPath(path, location));
    files.set(location, known);
    return known;
  };
  return { bytes: readRegular(path), externalData };
}

/** SHA-256 of a model's file and of those that it keeps its numbers in, by location. */
export function modelSha256({ bytes, externalData }: ModelFile, locations: Iterable<string>): string {
  const hash = createHash("sha256").update(bytes);
  for (const location of [...new Set(locations)].sort()) hash.update(externalData(location));
  return hash.digest("hex");
}

/**
 * Makes sure that the files beside a model are there and long enough.
 * @throws LimbeckError FILE_MISSING, FILE_UNREADABLE
 */
export function checkExternalFiles(path: string, files: readonly { location: string; bytes: number }[]): void {
  for (const { location, bytes } of files) {
    const file = externalPath(path, location);
    const size = regularSize(file);
    if (size >= bytes) continue;
    throw new LimbeckError("FILE_UNREADABLE", `${file} has ${size} bytes, but the model needs ${bytes}`, {
      where: path,
      value: size,
      fix: "Fetch the file again: it is cut short.",
    });
  }
}

/** A model may name files in its own folder and those below only. */
function externalPath(model: string, location: string): string {
  const folder = dirname(resolve(model));
  const path = resolve(folder, location);
  const inside = relative(folder, path);
  if (location !== "" && !isAbsolute(location) && inside !== "" && !inside.startsWith("..") && !isAbsolute(inside)) {
    return path;
  }
  throw new LimbeckError("FILE_UNREADABLE", `${model} wants the file ${location}, outside of its own folder`, {
    where: model,
    value: location,
    fix: "Do not trust this model, or put its data beside it.",
  });
}

function readRegular(path: string): Uint8Array {
  const size = regularSize(path);
  if (size <= LARGEST_FILE) return readBytes(path);
  throw new LimbeckError("FILE_UNREADABLE", `${path} has ${size} bytes, more than an ONNX file can have`, {
    where: path,
    value: size,
    fix: "Save the model with external data: its weights in a file of their own.",
  });
}

function regularSize(path: string): number {
  const stats = statOf(path);
  if (stats.isFile()) return stats.size;
  if (stats.isDirectory())
    throw toFileError(Object.assign(new Error(), { code: "EISDIR", syscall: "read" }), path, true);
  throw new LimbeckError("FILE_UNREADABLE", `${path} is no regular file`, { where: path, fix: "Name a file." });
}

function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (error) {
    throw toFileError(error, path, true);
  }
}
