import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { DataFile } from "../data/data-file.js";
import { explain } from "../data/download.js";
import { LimbeckError } from "../support/errors.js";
import { readBytes, writeFileAtomic } from "../support/files.js";
import { refused, unreadable } from "./hub-client.js";

/** How often what may pass is tried again, and how long is waited, in milliseconds. */
const ATTEMPTS = 4;
const PATIENCE = 500;

export interface RemoteRanges {
  /** As messages call it. */
  readonly name: string;
  readonly byteLength: number;
  readonly url: string;
  readonly accessToken: string | undefined;
  /** The folder in which parts are kept; what lies at the address must never change. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Whether nothing may be asked. */
  readonly isOffline: boolean;
}

/** A file of which parts are fetched by HTTP, each once. Its slices throw LimbeckError DOWNLOAD_FAILED, and the signal's reason. */
export function openRanges(remote: RemoteRanges): DataFile {
  const { name, byteLength, folder } = remote;
  return {
    name,
    byteLength,
    slice: async (start, end = byteLength) => {
      if (start >= end) return new ArrayBuffer(0);
      const kept = join(folder, `${start}-${end}`);
      if (existsSync(kept)) return toBuffer(readBytes(kept));
      const bytes = await fetchRange(remote, start, end);
      writeFileAtomic(kept, bytes);
      return toBuffer(bytes);
    },
  };
}

function toBuffer(bytes: Uint8Array): ArrayBuffer {
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
}

async function fetchRange(remote: RemoteRanges, start: number, end: number): Promise<Uint8Array> {
  const { name, signal, isOffline } = remote;
  if (isOffline) throw unreadable(name, "it is not in the cache, and LIMBECK_OFFLINE is set");
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask(remote, start, end);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof LimbeckError) throw error;
      if (attempt === ATTEMPTS) throw unreadable(name, explain(error));
      await sleep(PATIENCE * attempt, undefined, { signal });
    }
  }
}

/** @throws LimbeckError where trying again is no use; anything else may pass */
async function ask(
  { name, byteLength, url, accessToken, signal }: RemoteRanges,
  start: number,
  end: number,
): Promise<Uint8Array> {
  const access = accessToken ? { authorization: `Bearer ${accessToken}` } : {};
  const headers = { "accept-encoding": "identity", range: `bytes=${start}-${end - 1}`, ...access };
  const response = await fetch(url, { headers, signal });
  const [, first, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(response.headers.get("content-range") ?? "") ?? [];
  if (response.status !== 206 || Number(first) !== start || Number(total) !== byteLength) {
    await response.body?.cancel();
    throw problemOf(name, response, start);
  }
  const length = Math.min(end, byteLength) - start;
  const bytes = new Uint8Array(length);
  let done = 0;
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    if (done + chunk.length > length) throw unreadable(name, "the server sends more than was asked for");
    bytes.set(chunk, done);
    done += chunk.length;
  }
  if (done < length) throw new Error(`the connection ended after ${done} of ${length} bytes`);
  return bytes;
}

function problemOf(name: string, { status, statusText }: Response, start: number): Error {
  const message = `HTTP ${status} ${statusText}`.trim();
  if (status >= 500 || status === 429) return new Error(message);
  if (status >= 400) return refused(name, status, message) ?? unreadable(name, message);
  return unreadable(name, `the server does not send its part from byte ${start} on (${message})`);
}
