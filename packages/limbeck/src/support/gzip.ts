import { promisify } from "node:util";
import { gzip } from "node:zlib";

/** How many bytes are left of a file after gzip (level 6), which is what is sent to a browser. */
export async function gzippedSize(bytes: Uint8Array): Promise<number> {
  return (await promisify(gzip)(bytes)).length;
}
