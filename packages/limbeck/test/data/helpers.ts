import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach } from "vitest";
import type { ImageDataset } from "../../src/data/dataset.js";
import { LimbeckError } from "../../src/support/errors.js";

const folders: string[] = [];
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.closeAllConnections();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder that lasts as long as the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "limbeck-data-"));
  folders.push(folder);
  return folder;
}

/** Writes a file, making its folder. @returns its path */
export function put(path: string, content: string | Uint8Array): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** A web server on this machine that lasts as long as the test. @returns its address, with a slash at the end */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** The typed error that an action ends in; fails where it ends otherwise. */
export async function errorOf(action: () => unknown): Promise<LimbeckError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof LimbeckError) return error;
    throw error;
  }
  throw new Error("no error was thrown");
}

/** An idx file. */
export function idx(shape: readonly number[], data: Iterable<number>, type = 8): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt8(type, 2);
  header.writeUInt8(shape.length, 3);
  shape.forEach((extent, i) => {
    header.writeUInt32BE(extent, 4 + 4 * i);
  });
  return Buffer.concat([header, Uint8Array.from(data)]);
}

/** A data set whose pixels are their own position, modulo 251. */
export function dataset(labels: readonly number[], height = 3, width = 4, channels = 1): ImageDataset {
  const pixels = Uint8Array.from({ length: labels.length * channels * height * width }, (_, i) => i % 251);
  const classes = Array.from({ length: Math.max(0, ...labels) + 1 }, (_, i) => `class ${i}`);
  const size = labels.length;
  return { name: "made", size, channels, height, width, classes, pixels, labels: Uint8Array.from(labels) };
}
