import { dirname, join } from "node:path";
import type { Digest, RemoteFile } from "../data/resumable.js";
import type { LimbeckError } from "../support/errors.js";
import { type HubAddress, isInside } from "./address.js";
import { accessOf, askHub, loadHub, unreadable } from "./hub-client.js";

/** Configurations that say how images go in and what answers mean. */
const COMPANIONS = ["config.json", "preprocessor_config.json"];

/** What a repository calls its ONNX file, by preference. */
const USUAL = ["onnx/model.onnx", "model.onnx"];

/** A model of the hub, at one commit. */
export interface HubModel {
  readonly commit: string;
  /** The model's path in the repository. */
  readonly path: string;
  /** It and what belongs to it: weights beside it, configurations. */
  readonly files: readonly string[];
}

/** Where a file of a repository is kept. @param cache the cache folder */
export function hubTarget(cache: string, { repo }: HubAddress, commit: string, path: string): string {
  return join(cache, "models", "hub", repo.replace("/", "--"), commit, path);
}

/**
 * Asks the hub which commit an address means, and which files belong to its model.
 * @throws LimbeckError DOWNLOAD_FAILED
 */
export async function findOnHub(address: HubAddress, signal: AbortSignal): Promise<HubModel> {
  const { repo, revision } = address;
  const hub = await loadHub();
  const { sha, filePaths } = await asked(address, () =>
    hub.modelInfo({
      name: repo,
      revision: revision ?? "main",
      additionalFields: ["sha", "filePaths"],
      ...accessOf(process.env),
      fetch: (url, init) => fetch(url, { ...init, signal }),
    }),
  );
  const known = filePaths.filter(isInside);
  if (!/^[0-9a-f]{6,64}$/.test(sha)) throw failed(address, `the hub gives ${JSON.stringify(sha)} for a commit`);
  const path = address.path ?? usualModel(address, known);
  if (!known.includes(path)) throw failed(address, `it has no file ${path}`, onnxFiles(known));
  const weights = known.filter(
    (name) =>
      dirname(name) === dirname(path) && /^(_data|\.data)/.test(name.slice(path.length)) && name.startsWith(path),
  );
  const folders = [dirname(path), ...(dirname(path).split("/").at(-1) === "onnx" ? [dirname(dirname(path))] : [])];
  const beside = folders.flatMap((folder) => COMPANIONS.map((name) => (folder === "." ? name : `${folder}/${name}`)));
  return { commit: sha, path, files: [path, ...weights, ...beside.filter((name) => known.includes(name))] };
}

/** A file of a repository at a commit, ready to be fetched. @throws LimbeckError DOWNLOAD_FAILED */
export async function hubFile(
  address: HubAddress,
  commit: string,
  path: string,
  signal: AbortSignal,
): Promise<RemoteFile> {
  const hub = await loadHub();
  const given = {
    repo: address.repo,
    path,
    revision: commit,
    ...accessOf(process.env),
    fetch: ((url, init) => fetch(url, { ...init, signal })) as typeof fetch,
  };
  const info = await asked(address, () => hub.fileDownloadInfo(given));
  if (!info) throw failed(address, `it has no file ${path}`);
  return {
    address: `hf://${address.repo}/${path}`,
    digest: digestOf(info.etag),
    open: async (offset) => {
      const blob = await asked(address, () => hub.downloadFile({ ...given, downloadInfo: info }));
      if (!blob) throw failed(address, `it has no file ${path}`);
      const start = Math.min(offset, info.size);
      return { offset: start, total: info.size, body: chunksOf(start > 0 ? blob.slice(start) : blob) };
    },
  };
}

async function* chunksOf(blob: Blob): AsyncGenerator<Uint8Array> {
  if (blob.size > 0) yield* blob.stream() as unknown as AsyncIterable<Uint8Array>;
}

/** Large files go by their sha256, others by Git's id. */
function digestOf(etag: string): Digest | undefined {
  const hex = etag.replace(/^W\//, "").replaceAll('"', "");
  if (/^[0-9a-f]{64}$/.test(hex)) return { kind: "sha256", hex };
  return /^[0-9a-f]{40}$/.test(hex) ? { kind: "git", hex } : undefined;
}

function usualModel(address: HubAddress, known: readonly string[]): string {
  const models = onnxFiles(known);
  const found = USUAL.find((path) => models.includes(path)) ?? (models.length === 1 ? models[0] : undefined);
  if (found) return found;
  throw failed(address, models.length === 0 ? "it has no ONNX file" : `it has ${models.length} ONNX files`, models);
}

const onnxFiles = (paths: readonly string[]) => paths.filter((path) => path.endsWith(".onnx"));

function asked<Answer>(address: HubAddress, question: () => Promise<Answer>): Promise<Answer> {
  return askHub(nameOf(address), question);
}

function failed(address: HubAddress, reason: string, files: readonly string[] = []): LimbeckError {
  return unreadable(
    nameOf(address),
    reason,
    files.map((path) => `${nameOf(address)}/${path}`),
  );
}

function nameOf({ repo, revision }: HubAddress): string {
  return `hf://${repo}${revision ? `@${revision}` : ""}`;
}
