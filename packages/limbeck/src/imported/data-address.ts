import { isInside } from "./address.js";

/** A data set on the Hugging Face hub, or a part of it. */
export interface DataAddress {
  /** owner/name */
  readonly repo: string;
  readonly revision: string | undefined;
  /** What follows: configuration and split, either of them, or a file's path. */
  readonly rest: readonly string[];
}

const HUB = /^hf:\/\/datasets\/([A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*)(?:@([^/\s]+))?(?:\/(.+))?$/;

/** Reads `hf://datasets/owner/name@revision/config/split`; undefined where it is something else. */
export function dataAddress(text: string): DataAddress | undefined {
  const [, repo, revision, rest] = HUB.exec(text) ?? [];
  if (repo === undefined || (rest !== undefined && !isInside(rest))) return undefined;
  return { repo, revision, rest: rest?.split("/") ?? [] };
}

/** A Parquet file of a data set, by what its path says. */
export interface DataPart {
  readonly config: string;
  readonly split: string;
  readonly path: string;
}

const DEFAULT = "default";

/** What a path such as `plain_text/train/0000.parquet` or `data/train-00000-of-00002.parquet` says; undefined for other files. */
export function partOf(path: string): DataPart | undefined {
  const [, folder = "", file] = /^(?:(.+)\/)?([^/]+)\.parquet$/.exec(path) ?? [];
  if (file === undefined) return undefined;
  const folders = folder.split("/").filter((name) => name !== "" && name !== "data");
  const isNumber = /^\d+$/.test(file) && folders.length > 0;
  const shard = /^(.+?)-\d+-of-\d+(?:-[0-9a-f]+)?$/.exec(file)?.[1];
  // The hub converts the beginnings of large splits only, and says so.
  const split = isNumber ? folders.pop()!.replace(/^partial-/, "") : (shard ?? file);
  return { config: folders.join("/") || DEFAULT, split, path };
}

/** Files of one split, or what else there is to choose from. */
export type Choice =
  | { readonly paths: readonly string[] }
  | { readonly reason: string; readonly others: readonly string[] };

/** The files that an address means: by default of the usual configuration, and of the split to learn from. */
export function choose(parts: readonly DataPart[], rest: readonly string[]): Choice {
  const configs = unique(parts.map(({ config }) => config));
  const isConfig = rest.length === 2 || (rest.length === 1 && configs.includes(rest[0]!));
  const usual = configs.includes(DEFAULT) ? DEFAULT : configs.length === 1 ? configs[0] : undefined;
  const config = isConfig ? rest[0] : usual;
  if (config === undefined) return { reason: `it has ${configs.length} configurations`, others: configs };
  if (!configs.includes(config)) return { reason: `it has no configuration ${config}`, others: configs };
  const inConfig = parts.filter((part) => part.config === config);
  const splits = unique(inConfig.map(({ split }) => split));
  const prefix = isConfig ? `${config}/` : "";
  const others = splits.map((split) => `${prefix}${split}`);
  const named = isConfig ? rest[1] : rest[0];
  const split = named ?? (splits.includes("train") || splits.length > 1 ? "train" : splits[0]!);
  if (rest.length > 2 || !splits.includes(split)) return { reason: `it has no part ${named ?? split}`, others };
  return {
    paths: inConfig
      .filter((part) => part.split === split)
      .map(({ path }) => path)
      .sort(),
  };
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
