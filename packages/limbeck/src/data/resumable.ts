import { createHash, type Hash } from "node:crypto";
import { createReadStream, existsSync, renameSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { LimbeckError, toFileError } from "../support/errors.js";
import { makeFolder } from "../support/files.js";
import { explain } from "./download.js";

/** What a file's content must hash to: SHA-256, or Git's id of a blob. */
export interface Digest {
  readonly kind: "sha256" | "git";
  readonly hex: string;
}

/** Bytes of a file, from some place on. */
export interface Opened {
  /** Where the bytes begin: 0 where the server does not go on in the middle. */
  readonly offset: number;
  /** Of the whole file, where that is known. */
  readonly total: number | undefined;
  readonly body: AsyncIterable<Uint8Array>;
}

/** A file that lies elsewhere. */
export interface RemoteFile {
  /** Its address, for messages. */
  readonly address: string;
  readonly digest: Digest | undefined;
  /** @throws LimbeckError DOWNLOAD_FAILED where trying again is no use; anything else may pass */
  open(offset: number, signal: AbortSignal): Promise<Opened>;
}

/** How far a download has come, in bytes. */
export interface Received {
  readonly received: number;
  readonly total: number | undefined;
}

/** How often a lost connection is tried again, and how long is waited, in milliseconds. */
const ATTEMPTS = 4;
const PATIENCE = 500;

/**
 * Fetches a file to `target`. What has come is kept in `<target>.part`, also when the process ends, and gone on with; the file itself
 * appears whole and checked.
 * @param limit bytes that are accepted at most
 * @throws LimbeckError DOWNLOAD_FAILED, HASH_MISMATCH, FILE_UNWRITABLE, DISK_FULL; the signal's reason where it aborts
 */
export async function* fetchWhole(
  file: RemoteFile,
  target: string,
  { limit, signal }: { readonly limit: number; readonly signal: AbortSignal },
): AsyncGenerator<Received, void> {
  if (existsSync(target)) return;
  const part = `${target}.part`;
  makeFolder(dirname(target));
  const wasThere = existsSync(part);
  yield* fetchPart(file, part, limit, signal);
  let wrong = await wrongHash(file.digest, part);
  if (wasThere && wrong) {
    // What lay there was of another file, or written by two processes at once.
    rmSync(part, { force: true });
    yield* fetchPart(file, part, limit, signal);
    wrong = await wrongHash(file.digest, part);
  }
  if (wrong) throw wrongContent(file, part, wrong);
  try {
    renameSync(part, target);
  } catch (error) {
    throw toFileError(error, target);
  }
}

async function* fetchPart(
  file: RemoteFile,
  part: string,
  limit: number,
  signal: AbortSignal,
): AsyncGenerator<Received, void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return yield* append(file, part, limit, signal);
    } catch (error) {
      signal.throwIfAborted();
      const known = toFileError(error, part);
      if (known instanceof LimbeckError) throw known;
      if (attempt === ATTEMPTS) throw unreachable(file, explain(error));
      await sleep(PATIENCE * attempt, undefined, { signal });
    }
  }
}

/** Adds what is missing to the part that is there. */
async function* append(
  file: RemoteFile,
  part: string,
  limit: number,
  signal: AbortSignal,
): AsyncGenerator<Received, void> {
  const there = existsSync(part) ? statSync(part).size : 0;
  const { offset, total, body } = await file.open(there, signal);
  if (total !== undefined && total > limit) throw tooLarge(file, limit);
  const output = await open(part, offset > 0 && offset === there ? "a" : "w");
  let received = offset;
  try {
    for await (const chunk of body) {
      signal.throwIfAborted();
      received += chunk.length;
      if (received > limit) throw tooLarge(file, limit);
      await output.appendFile(chunk);
      yield { received, total };
    }
    await output.sync();
  } finally {
    await output.close();
  }
  if (total !== undefined && received < total)
    throw new Error(`the connection ended after ${received} of ${total} bytes`);
}

/** A file's hash, where it is another than the one that was asked for. */
async function wrongHash(digest: Digest | undefined, path: string): Promise<string | undefined> {
  const found = digest && (await hashOf(digest, path));
  return found === digest?.hex ? undefined : found;
}

async function hashOf({ kind }: Digest, path: string): Promise<string> {
  const hash: Hash = createHash(kind === "git" ? "sha1" : "sha256");
  if (kind === "git") hash.update(`blob ${statSync(path).size}\0`);
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest("hex");
}

function wrongContent({ address, digest }: RemoteFile, part: string, found: string): LimbeckError {
  rmSync(part, { force: true });
  const name = digest!.kind === "git" ? "Git's hash" : "its sha256";
  return new LimbeckError(
    "HASH_MISMATCH",
    `${address} is another file than was asked for: ${name} is ${found}, expected ${digest!.hex}`,
    {
      where: address,
      value: { found, expected: digest!.hex },
      fix: "Correct sha256 in the recipe if you trust the file, or name another address.",
    },
  );
}

function tooLarge({ address }: RemoteFile, limit: number): LimbeckError {
  return new LimbeckError("DOWNLOAD_FAILED", `${address} has more than ${limit} bytes`, {
    where: address,
    value: limit,
    fix: "Download it yourself and name its path.",
  });
}

function unreachable({ address }: RemoteFile, reason: string): LimbeckError {
  return new LimbeckError("DOWNLOAD_FAILED", `${address} could not be downloaded: ${reason}`, {
    where: address,
    value: reason,
    fix: "Check the address and the network, and try again: what has come is kept. Or download it yourself and name its path.",
  });
}
