import { createHash, randomBytes } from "node:crypto";
import { renameSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { LimbeckError, toFileError } from "../support/errors.js";
import { makeFolder } from "../support/files.js";
import { editionOf, hashMismatch, type PublishedFile } from "./published.js";

/** What a download needs of the world. */
export interface DownloadContext {
  readonly fetch: typeof globalThis.fetch;
  readonly signal?: AbortSignal | undefined;
}

/** Either the edition that was downloaded, or why there was none: no network, HTTP 404, connection lost … */
export type DownloadResult = { readonly edition: string } | { readonly failure: string };

/** A transfer that did not come to its end; nothing is known to be wrong with the file itself. */
class TransferFailure extends Error {}

/**
 * Downloads a file to `target`: streamed into a temporary file beside it, never more than the published size, its
 * sha256 checked on the way, then renamed. Whatever goes wrong, `target` is untouched and the temporary file is gone.
 * @throws LimbeckError HASH_MISMATCH where the server has another file, FILE_UNWRITABLE, DISK_FULL; the signal's reason
 *   where it aborts.
 */
export async function download(file: PublishedFile, target: string, context: DownloadContext): Promise<DownloadResult> {
  makeFolder(dirname(target));
  const temporary = `${target}.${randomBytes(6).toString("hex")}.part`;
  try {
    const found = await transfer(file, temporary, context);
    const edition = editionOf(file, found);
    if (edition === undefined) throw hashMismatch(file, file.url, found, RETRY);
    renameSync(temporary, target);
    return { edition };
  } catch (error) {
    context.signal?.throwIfAborted();
    if (error instanceof TransferFailure) return { failure: error.message };
    throw toFileError(error, target);
  } finally {
    rmSync(temporary, { force: true });
  }
}

const RETRY = "Try again; if it stays so, get the file from another place and put its folder into LIMBECK_DATA_DIR.";

/** Writes the body to a new file. @returns its sha256 */
async function transfer(file: PublishedFile, path: string, context: DownloadContext): Promise<string> {
  const body = await request(file.url, context);
  const hash = createHash("sha256");
  const output = await open(path, "wx");
  let received = 0;
  try {
    for await (const chunk of body) {
      received += chunk.length;
      if (received > file.bytes) throw tooLong(file);
      hash.update(chunk);
      await output.appendFile(chunk);
    }
    await output.sync();
  } finally {
    await output.close();
  }
  return hash.digest("hex");
}

async function request(url: string, { fetch, signal }: DownloadContext): Promise<AsyncIterable<Uint8Array>> {
  let response: Response;
  try {
    // Without this a server may compress the file once more, and fetch would hand out other bytes than were published.
    response = await fetch(url, { headers: { "accept-encoding": "identity" }, ...(signal ? { signal } : {}) });
  } catch (error) {
    throw new TransferFailure(explain(error));
  }
  if (response.ok && response.body) return chunksOf(response.body);
  await response.body?.cancel();
  throw new TransferFailure(`HTTP ${response.status} ${response.statusText}`.trim());
}

async function* chunksOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  try {
    yield* body;
  } catch (error) {
    throw new TransferFailure(`the connection was lost (${explain(error)})`);
  }
}

/** fetch says only "fetch failed" or "terminated"; what happened is in the cause. */
export function explain(error: unknown): string {
  const { message, cause } = error as Error;
  const { code, message: reason } = (cause ?? {}) as NodeJS.ErrnoException;
  return [message, code ?? reason].filter(Boolean).join(": ");
}

function tooLong(file: PublishedFile): LimbeckError {
  const message = `${file.url} serves more than the ${file.bytes} bytes of the published file`;
  return new LimbeckError("HASH_MISMATCH", message, { value: file.bytes, where: file.url, fix: RETRY });
}
