import type { Medium } from "../folders/medium.js";
import { sharedBytes } from "../samples/samples.js";
import { decodedName } from "./cache.js";
import { decodeImage } from "./decode.js";
import type { ImageShape } from "./options.js";

const EXTENSIONS = new Set([".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff", ".avif"]);

/** Image files, each of which becomes `[channels, height, width]` bytes. */
export function imageFiles(shape: ImageShape): Medium {
  const [height, width] = shape.size;
  return {
    noun: "image",
    extensions: EXTENSIONS,
    facts: { channels: shape.channels, height, width },
    shrink: "size",
    allocate: sharedBytes,
    decode: (file) => decodeImage(file, shape),
    keptAs: (paths, signal) => decodedName(paths, shape, signal),
  };
}
