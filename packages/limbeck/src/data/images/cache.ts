import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import sharp from "sharp";
import { canonicalJson } from "../../support/json.js";
import type { ImageShape } from "./options.js";

/** Counts up when the same files would be decoded to other bytes. */
const EDITION = 1;

/** How many files are looked at, at once. */
const AT_ONCE = 16;

/**
 * What the file is called in which decoded images are kept: it is made of what the images' files are (path, size and time of change) and how
 * they are decoded.
 */
export async function decodedName(
  paths: readonly string[],
  { size, fit, channels }: ImageShape,
  signal: AbortSignal,
): Promise<string> {
  const { sharp: version, vips } = sharp.versions;
  const hash = createHash("sha256").update(canonicalJson({ EDITION, size, fit, channels, version, vips }));
  for (let first = 0; first < paths.length; first += AT_ONCE) {
    signal.throwIfAborted();
    const some = paths.slice(first, first + AT_ONCE);
    for (const fact of await Promise.all(some.map(factOf))) hash.update(fact);
  }
  return `${hash.digest("hex").slice(0, 40)}.samples`;
}

async function factOf(path: string): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return JSON.stringify([path, String(found?.size), String(found?.mtimeNs)]);
}
