/** A file on the Hugging Face hub. */
export interface HubAddress {
  /** owner/name */
  readonly repo: string;
  readonly revision: string | undefined;
  /** Of a file in it; missing where the repository's usual one is meant. */
  readonly path: string | undefined;
}

/** Whether a recipe's file is an address, not a path. */
export function isAddress(file: string): boolean {
  return /^(https?|hf):\/\//.test(file);
}

const HUB = /^hf:\/\/([A-Za-z0-9][\w.-]*\/[\w.-]+)(?:@([^/\s]+))?(?:\/(.+))?$/;

/** Reads `hf://owner/name@revision/path`; undefined where it is something else. */
export function hubAddress(file: string): HubAddress | undefined {
  const [, repo, revision, path] = HUB.exec(file) ?? [];
  return repo === undefined || !(path === undefined || isInside(path)) ? undefined : { repo, revision, path };
}

/** Whether a path of a repository stays in it. */
export function isInside(path: string): boolean {
  const parts = path.split("/");
  return (
    !path.includes("\\") && !path.includes("\0") && parts.every((part) => part !== "" && part !== "." && part !== "..")
  );
}

/** What is wrong with an address, if anything is. */
export function wrongAddress(file: string, sha256: string | undefined): string | undefined {
  if (!isAddress(file)) return undefined;
  if (file.startsWith("hf://")) {
    return hubAddress(file)
      ? undefined
      : "is no hub address; write hf://owner/name, hf://owner/name@revision/path/model.onnx";
  }
  if (!URL.canParse(file)) return "is no address";
  return sha256 ? undefined : "a file from the web needs its sha256 beside it, so that it is the one that you mean";
}
