import { basename, join } from "node:path";
import type { RemoteFile } from "../data/resumable.js";
import { LimbeckError } from "../support/errors.js";

/** Where a file from the web is kept: by its hash, under its own name. @param cache the cache folder */
export function webTarget(cache: string, url: string, sha256: string): string {
  const name = basename(new URL(url).pathname).replaceAll(/[^\w.-]+/g, "_");
  return join(cache, "models", "web", sha256, /^\.*$/.test(name) ? "model.onnx" : name);
}

/** A file behind a URL. */
export function webFile(url: string, sha256: string): RemoteFile {
  return {
    address: url,
    digest: { kind: "sha256", hex: sha256 },
    open: async (offset, signal) => {
      const range = offset > 0 ? { range: `bytes=${offset}-` } : {};
      // Without this a server may compress the file once more, and fetch would hand out other bytes than were published.
      const response = await fetch(url, { headers: { "accept-encoding": "identity", ...range }, signal });
      if (response.status === 416) {
        await response.body?.cancel();
        return { offset, total: undefined, body: nothing() };
      }
      if (response.ok && response.body) {
        const start = response.status === 206 ? startOf(response) : 0;
        if (start !== 0 && start !== offset) {
          await response.body.cancel();
          throw new Error(`the server sends bytes from ${start} on, and not from ${offset}`);
        }
        const length = response.headers.get("content-length");
        return { offset: start, total: length === null ? undefined : start + Number(length), body: response.body };
      }
      await response.body?.cancel();
      const message = `HTTP ${response.status} ${response.statusText}`.trim();
      if (response.status >= 500 || response.status === 429) throw new Error(message);
      throw new LimbeckError("DOWNLOAD_FAILED", `${url} could not be downloaded: ${message}`, {
        where: url,
        value: response.status,
        fix: "Check the address, or download the file yourself and name its path.",
      });
    },
  };
}

/** Where a range begins. */
function startOf(response: Response): number {
  return Number(/^bytes (\d+)-/.exec(response.headers.get("content-range") ?? "")?.[1] ?? Number.NaN);
}

/** The part that is there is all of it: its hash will tell. */
async function* nothing(): AsyncGenerator<Uint8Array> {}
