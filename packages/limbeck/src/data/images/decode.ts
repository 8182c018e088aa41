import sharp from "sharp";
import type { ImageShape } from "./options.js";

/** Images of more pixels are refused, whatever their files announce. */
const MOST_PIXELS = 100_000_000;

/** What {@link decodeImage} takes for an image; what else sharp could read, such as SVG, may ask for other files. */
const FORMATS: readonly string[] = ["jpeg", "png", "webp", "gif", "tiff", "heif"];

const FITS = { cover: "cover", contain: "contain", stretch: "fill" } as const;

/**
 * An image, given by path or as a file's bytes, as `[channels, height, width]` bytes: turned as its EXIF data say, brought to size by Lanczos' kernel, in sRGB or gray.
 * What is transparent becomes white. Of animations the first image counts.
 * @throws Error whose message is what is wrong with the file
 */
export async function decodeImage(
  image: string | Uint8Array,
  { size, fit, channels }: ImageShape,
): Promise<Uint8Array> {
  const [height, width] = size;
  const decoded = sharp(image, { limitInputPixels: MOST_PIXELS, failOn: "error", sequentialRead: true });
  const { format } = await decoded.metadata();
  if (!FORMATS.includes(format)) throw new Error(`${format} files are not read`);
  const { data, info } = await decoded
    .autoOrient()
    .resize({ height, width, fit: FITS[fit], background: "black" })
    .flatten({ background: "white" })
    .toColorspace(channels === 1 ? "b-w" : "srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  return toPlanes(data, info.channels, channels);
}

/** `[pixels, given]` as `[channels, pixels]`; a color that is missing is the first one. */
function toPlanes(interleaved: Uint8Array, given: number, channels: number): Uint8Array {
  const area = interleaved.length / given;
  const planes = new Uint8Array(channels * area);
  for (let c = 0; c < channels; c++) {
    const from = c < given ? c : 0;
    for (let i = 0; i < area; i++) planes[c * area + i] = interleaved[i * given + from]!;
  }
  return planes;
}
