import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

export const digest = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const gitId = (bytes: Uint8Array) => createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");

export interface Request {
  readonly url: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

interface FakeServer {
  readonly url: string;
  readonly requests: Request[];
}

/** A server of the machine's own, which ends with the test. */
export async function serve(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<FakeServer> {
  const requests: Request[] = [];
  const server = createServer((request, response) => {
    const { range, authorization } = request.headers;
    requests.push({ url: request.url!, range, authorization });
    answer(request, response);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/** Sends a file, or the range of it that was asked for. */
export function send(request: IncomingMessage, response: ServerResponse, bytes: Uint8Array, headers = {}): void {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  if (first === undefined) {
    response.writeHead(200, { "content-length": bytes.length, ...headers }).end(bytes);
    return;
  }
  const end = last ? Number(last) + 1 : bytes.length;
  const part = bytes.subarray(Number(first), end);
  const range = `bytes ${first}-${end - 1}/${bytes.length}`;
  response.writeHead(206, { "content-length": part.length, "content-range": range, ...headers }).end(part);
}

/** What a hub answers about one repository: its commit, its files, large ones by sha256. */
export function hub(repo: string, commitOf: () => string, files: Readonly<Record<string, Uint8Array>>) {
  return (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url!, "http://hub");
    const json = (status: number, body: object) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (url.pathname.startsWith(`/api/models/${repo}/revision/`)) {
      const siblings = Object.keys(files).map((rfilename) => ({ rfilename }));
      const dates = { lastModified: "2026-01-01T00:00:00.000Z" };
      const revision = url.pathname.split("/").at(-1)!;
      const sha = /^[0-9a-f]{40}$/.test(revision) ? revision : commitOf();
      return json(200, { _id: "1", id: repo, sha, siblings, private: false, gated: false, ...dates });
    }
    const path = url.pathname.replace(new RegExp(`^/${repo}/resolve/[^/]+/`), "");
    const bytes = files[path];
    if (url.pathname === path || !bytes) return json(404, { error: "Repository not found" });
    const isLarge = path.endsWith(".onnx");
    const etag = isLarge ? { "x-linked-etag": `"${digest(bytes)}"`, etag: '"other"' } : { etag: `"${gitId(bytes)}"` };
    return send(request, response, bytes, etag);
  };
}

type Files = Readonly<Record<string, Uint8Array>>;

/** What a hub answers about one data set: files of each commit, and which commit a revision is. */
export function dataHub(repo: string, commits: Readonly<Record<string, Files>>, heads: () => Record<string, string>) {
  return (request: IncomingMessage, response: ServerResponse) => {
    const path = decodeURIComponent(new URL(request.url!, "http://hub").pathname);
    const json = (status: number, body: object) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    const [, kind, revision = ""] = new RegExp(`^/api/datasets/${repo}/(revision|tree)/(.+)$`).exec(path) ?? [];
    if (kind === "revision") {
      const sha = heads()[revision];
      const dates = { lastModified: "2026-01-01T00:00:00.000Z" };
      return sha ? json(200, { _id: "1", id: repo, sha, ...dates }) : json(404, { error: "Invalid rev id" });
    }
    if (kind === "tree") {
      const files = commits[revision];
      if (!files) return json(404, { error: "Invalid rev id" });
      const list = Object.entries(files).map(([path, { length: size }]) => ({ type: "file", path, size, oid: "0" }));
      return json(200, [{ type: "directory", path: "data", size: 0, oid: "0" }, ...list]);
    }
    const [, commit = "", name = ""] = new RegExp(`^/datasets/${repo}/resolve/([^/]+)/(.+)$`).exec(path) ?? [];
    const bytes = commits[commit]?.[name];
    return bytes ? send(request, response, bytes) : json(404, { error: "Entry not found" });
  };
}
