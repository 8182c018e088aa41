import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { hashFile } from "../data/published.js";
import { fetchWhole, type RemoteFile } from "../data/resumable.js";
import { LimbeckError } from "../support/errors.js";
import { writeFileAtomic } from "../support/files.js";
import { sha256 } from "../support/hash.js";
import { readJson } from "../support/json.js";
import { type HubAddress, hubAddress, isAddress, isInside } from "./address.js";
import { findOnHub, type HubModel, hubFile, hubTarget } from "./hub.js";
import { webFile, webTarget } from "./web-file.js";

/** No ONNX file can be larger; nor can a file of weights beside one be read. */
const LARGEST = 2 ** 31 - 1;

/** How far the download of one file has come, in bytes. */
export interface FetchProgress {
  /** As messages call it. */
  readonly address: string;
  readonly received: number;
  readonly total: number | undefined;
}

/** A file that is on this machine now. */
export interface FetchedModel {
  readonly path: string;
  /** Of a hub's repository: the commit that it is from. */
  readonly commit?: string;
}

export interface FetchOptions {
  /** Where files are kept. */
  readonly cache: string;
  readonly signal: AbortSignal;
  /** Of the file, where the recipe says it. */
  readonly sha256?: string | undefined;
  /** The commit that a run began with. Default: that of the address. */
  readonly commit?: string | undefined;
  /** Whether nothing may be asked or fetched. */
  readonly isOffline: boolean;
}

/**
 * Has a model's file on this machine: a path as it is, an address by way of the cache.
 * @throws LimbeckError HASH_MISMATCH, DOWNLOAD_FAILED, FILE_MISSING, FILE_UNWRITABLE, DISK_FULL
 */
export async function* fetchModel(file: string, options: FetchOptions): AsyncGenerator<FetchProgress, FetchedModel> {
  const { cache, sha256: expected } = options;
  const hub = hubAddress(file);
  if (hub) {
    const found = yield* fetchFromHub(hub, options);
    if (expected) await requireHash(found.path, file, expected);
    return found;
  }
  if (!isAddress(file)) {
    if (expected) await requireHash(file, file, expected);
    return { path: file };
  }
  const path = webTarget(cache, file, expected!);
  yield* fetchFile(() => webFile(file, expected!), file, path, options);
  return { path };
}

async function* fetchFromHub(hub: HubAddress, options: FetchOptions): AsyncGenerator<FetchProgress, FetchedModel> {
  const address = options.commit ? { ...hub, revision: options.commit } : hub;
  const { commit, path, files } = await locate(address, options);
  const targetOf = (name: string) => hubTarget(options.cache, hub, commit, name);
  for (const name of files) {
    const shown = `hf://${hub.repo}/${name}`;
    yield* fetchFile(() => hubFile(hub, commit, name, options.signal), shown, targetOf(name), options);
  }
  return { path: targetOf(path), commit };
}

async function* fetchFile(
  open: () => RemoteFile | Promise<RemoteFile>,
  address: string,
  target: string,
  { signal, isOffline }: FetchOptions,
): AsyncGenerator<FetchProgress, void> {
  if (existsSync(target)) return;
  if (isOffline) throw absent(address, "LIMBECK_OFFLINE is set");
  const file = await reached(address, signal, open);
  for await (const progress of fetchWhole(file, target, { limit: LARGEST, signal })) yield { address, ...progress };
}

const reference = z.strictObject({
  commit: z.string().regex(/^[0-9a-f]{6,64}$/),
  path: z.string().refine(isInside),
  files: z.array(z.string().refine(isInside)),
});

/** Which commit an address means: a branch is asked for each time, and taken from before where the hub does not answer. */
async function locate(address: HubAddress, { cache, signal, isOffline }: FetchOptions): Promise<HubModel> {
  const text = `hf://${address.repo}@${address.revision ?? "main"}${address.path ? `/${address.path}` : ""}`;
  const place = join(cache, "models", "hub", "refs", `${sha256(text).slice(0, 32)}.json`);
  const known = existsSync(place) ? reference.safeParse(readJson(place)).data : undefined;
  const isFixed = /^[0-9a-f]{40}$/.test(address.revision ?? "");
  if (known && (isFixed || isOffline)) return known;
  if (isOffline) throw absent(text, "LIMBECK_OFFLINE is set");
  try {
    const found = await reached(text, signal, () => findOnHub(address, signal));
    writeFileAtomic(place, JSON.stringify(found));
    return found;
  } catch (error) {
    if (known && isUnreachable(error)) return known;
    throw error;
  }
}

/** Turns what the network does into a typed error. */
async function reached<Answer>(
  address: string,
  signal: AbortSignal,
  ask: () => Answer | Promise<Answer>,
): Promise<Answer> {
  try {
    return await ask();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof LimbeckError) throw error;
    throw absent(address, error instanceof Error ? error.message : String(error), error);
  }
}

/** Whether the hub was not there at all, rather than saying no. */
function isUnreachable(error: unknown): boolean {
  return error instanceof LimbeckError && error.code === "DOWNLOAD_FAILED" && error.cause !== undefined;
}

function absent(address: string, reason: string, cause?: unknown): LimbeckError {
  return new LimbeckError("DOWNLOAD_FAILED", `${address} is not in the cache and could not be downloaded: ${reason}`, {
    where: address,
    value: reason,
    fix: "Go online and try again, or download it yourself and name its path.",
    cause,
  });
}

async function requireHash(path: string, named: string, expected: string): Promise<void> {
  const found = await hashFile(path);
  if (found === expected) return;
  throw new LimbeckError(
    "HASH_MISMATCH",
    `${named} is another file than was asked for: its sha256 is ${found}, expected ${expected}`,
    {
      where: named,
      value: { found, expected },
      fix: "Correct sha256 in the recipe if you trust the file, or name another one.",
    },
  );
}
