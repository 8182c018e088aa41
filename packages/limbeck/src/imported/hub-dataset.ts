import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { NamedFile } from "../data/data-file.js";
import { explain } from "../data/download.js";
import { LimbeckError } from "../support/errors.js";
import { writeFileAtomic } from "../support/files.js";
import { sha256 } from "../support/hash.js";
import { readJson } from "../support/json.js";
import { isInside } from "./address.js";
import { choose, type DataAddress, dataAddress, partOf } from "./data-address.js";
import { accessOf, askHub, loadHub, unreadable } from "./hub-client.js";
import { openRanges } from "./remote-ranges.js";

/** Where the hub keeps Parquet files that it has made of a data set, whatever its own files are. */
const CONVERTED = "refs/convert/parquet";

/** What can be named by its path, beside Parquet. */
const TABLES = /\.(parquet|csv|tsv|jsonl|ndjson)(\.gz)?$/i;

export interface HubDataOptions {
  /** Where what was fetched is kept. */
  readonly cache: string;
  readonly signal: AbortSignal;
  /** Whether nothing may be asked or fetched. */
  readonly isOffline: boolean;
}

const listing = z.strictObject({
  commit: z.string().regex(/^[0-9a-f]{6,64}$/),
  files: z.array(z.strictObject({ path: z.string().refine(isInside), size: z.int().min(0) })),
});

type Listing = z.output<typeof listing>;

/**
 * The files of a data set's split on the hub, none of which has been read: `hf://datasets/owner/name/config/split`.
 * @throws LimbeckError RECIPE_INVALID where it is no such address; DOWNLOAD_FAILED, where files are opened as well; the signal's
 *   reason
 */
export async function hubDataFiles(text: string, options: HubDataOptions): Promise<NamedFile[]> {
  const address = required(text);
  const { commit, files } = await chosen(address, options);
  const { hubUrl = "https://huggingface.co", accessToken } = accessOf(process.env);
  const { repo } = address;
  return files.map(({ path, size }) => {
    const name = `hf://datasets/${repo}/${path}`;
    const folder = join(options.cache, "datasets", "hub", repo.replace("/", "--"), commit, ...path.split("/"));
    const encoded = path.split("/").map(encodeURIComponent).join("/");
    const url = `${hubUrl}/datasets/${repo}/resolve/${commit}/${encoded}`;
    const { signal, isOffline } = options;
    return {
      name,
      open: async () => openRanges({ name, byteLength: size, url, accessToken, folder, signal, isOffline }),
    };
  });
}

/** Which commit an address means now. @throws LimbeckError as {@link hubDataFiles} does */
export async function hubDataCommit(text: string, options: HubDataOptions): Promise<string> {
  return (await chosen(required(text), options)).commit;
}

/** The address of the same data at a commit. @throws LimbeckError RECIPE_INVALID */
export function atCommit(text: string, commit: string): string {
  const { repo, rest } = required(text);
  return [`hf://datasets/${repo}@${commit}`, ...rest].join("/");
}

function required(text: string): DataAddress {
  const address = dataAddress(text);
  if (address) return address;
  throw new LimbeckError("RECIPE_INVALID", `${text} is no data set's address`, {
    where: "data.source",
    value: text,
    fix: "Write hf://datasets/owner/name, with /config and /split where there are several.",
  });
}

/** The files that an address means, at one commit. */
async function chosen(address: DataAddress, options: HubDataOptions): Promise<Listing> {
  const { repo, revision, rest } = address;
  const whole = `hf://datasets/${repo}${revision ? `@${revision}` : ""}`;
  const some = (names: readonly string[]) => names.map((name) => `${whole}/${name}`);
  const path = rest.join("/");
  if (TABLES.test(path)) {
    const { commit, files } = await listed(repo, revision ?? "main", options);
    const known = files.filter((file) => TABLES.test(file.path));
    const found = known.filter((file) => file.path === path);
    if (found.length > 0) return { commit, files: found };
    throw unreadable(whole, `it has no file ${path}`, some(known.map((file) => file.path)));
  }
  const { commit, files } = revision ? await listed(repo, revision, options) : await convertedOrOwn(repo, options);
  const parts = files.flatMap((file) => partOf(file.path) ?? []);
  if (parts.length === 0) throw unreadable(whole, "it has no Parquet files, nor has the hub made any of it");
  const choice = choose(parts, rest);
  if (!("paths" in choice)) throw unreadable(whole, choice.reason, some(choice.others));
  return { commit, files: choice.paths.map((wanted) => files.find((file) => file.path === wanted)!) };
}

async function convertedOrOwn(repo: string, options: HubDataOptions): Promise<Listing> {
  try {
    const converted = await listed(repo, CONVERTED, options);
    if (converted.files.some(({ path }) => path.endsWith(".parquet"))) return converted;
  } catch (error) {
    options.signal.throwIfAborted();
    if (!(error instanceof LimbeckError)) throw error;
  }
  return listed(repo, "main", options);
}

/** A revision's files; they are found by their commit from then on. */
async function listed(repo: string, revision: string, options: HubDataOptions): Promise<Listing> {
  const found = await listedNow(repo, revision, options);
  const place = placeOf(options.cache, addressOf(repo, found.commit));
  if (!existsSync(place)) writeFileAtomic(place, JSON.stringify(found));
  return found;
}

const addressOf = (repo: string, revision: string) => `hf://datasets/${repo}@${revision}`;

const placeOf = (cache: string, where: string) =>
  join(cache, "datasets", "hub", "refs", `${sha256(where).slice(0, 32)}.json`);

const isCommit = (revision: string) => /^[0-9a-f]{40}$/.test(revision);

/** Asked for each time, and taken from before where the hub cannot be reached. */
async function listedNow(
  repo: string,
  revision: string,
  { cache, signal, isOffline }: HubDataOptions,
): Promise<Listing> {
  const where = addressOf(repo, revision);
  const place = placeOf(cache, where);
  const known = existsSync(place) ? listing.safeParse(readJson(place)).data : undefined;
  if (known && (isOffline || isCommit(revision))) return known;
  if (isOffline) throw unreadable(where, "it is not in the cache, and LIMBECK_OFFLINE is set");
  try {
    const found = listing.safeParse(await askHub(where, () => ask(repo, revision, signal)));
    if (!found.success) throw unreadable(where, "the hub answers with something else than a commit and files");
    writeFileAtomic(place, JSON.stringify(found.data));
    return found.data;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof LimbeckError) throw error;
    if (known) return known;
    throw unreadable(where, explain(error));
  }
}

async function ask(repo: string, revision: string, signal: AbortSignal): Promise<Listing> {
  const hub = await loadHub();
  const given = {
    ...accessOf(process.env),
    fetch: ((url, init) => fetch(url, { ...init, signal })) as typeof fetch,
  };
  const { sha } = isCommit(revision)
    ? { sha: revision }
    : await hub.datasetInfo({ ...given, name: repo, revision, additionalFields: ["sha"] });
  const files: Listing["files"] = [];
  const designation = { type: "dataset", name: repo } as const;
  for await (const { type, path, size } of hub.listFiles({
    ...given,
    repo: designation,
    revision: sha,
    recursive: true,
  })) {
    if (type === "file" && isInside(path)) files.push({ path, size });
  }
  return { commit: sha, files };
}
