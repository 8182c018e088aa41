import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { LimbeckError, toFileError } from "../support/errors.js";

/** A file of a named data set, as its publisher offers it. */
export interface PublishedFile {
  readonly name: string;
  /** Where it is downloaded from. */
  readonly url: string;
  /** The size of the file behind `url`. */
  readonly bytes: number;
  /**
   * The accepted sha256 of the file as it lies on disk (compressed), by edition. An edition is an order of the samples:
   * files of one edition fit together however they were compressed, files of two editions do not.
   */
  readonly sha256: Readonly<Record<string, readonly string[]>>;
}

/** The edition a sha256 belongs to; undefined where it is none of the file's. */
export function editionOf(file: PublishedFile, sha256: string): string | undefined {
  return Object.keys(file.sha256).find((edition) => file.sha256[edition]!.includes(sha256));
}

/** The sha256 of a file on disk. @throws LimbeckError FILE_MISSING, FILE_UNREADABLE */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk);
  } catch (error) {
    throw toFileError(error, path);
  }
  return hash.digest("hex");
}

/** The error for a file whose content is not the published one. @param where its path or address. */
export function hashMismatch(file: PublishedFile, where: string, found: string, fix: string): LimbeckError {
  const editions = Object.entries(file.sha256).map(([edition, hashes]) => `${hashes.join(" or ")} (${edition})`);
  const expected = Object.values(file.sha256).flat();
  const message = `${where} is not ${file.name} as published: its sha256 is ${found}, expected ${editions.join(" or ")}`;
  return new LimbeckError("HASH_MISMATCH", message, { value: { found, expected }, where, fix });
}
