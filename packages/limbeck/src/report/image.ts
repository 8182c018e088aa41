import sharp from "sharp";
import type { ReportData } from "./data.js";

/** Longer side of a sample image in the file; the page shows it smaller, so that it stays sharp on fine screens. */
const SIDE = 168;

/**
 * A picture of a sample, as a PNG data URI. Small images are enlarged by a whole factor without smoothing.
 * @param pixels channels × height × width, 0 … 255; one or two channels give gray, three or more the first three as RGB.
 */
export async function imageUri(pixels: Uint8Array, { channels, height, width }: ReportData["image"]): Promise<string> {
  const kept = channels >= 3 ? 3 : 1;
  const area = height * width;
  const interleaved = new Uint8Array(kept * area);
  for (let c = 0; c < kept; c++) {
    for (let i = 0; i < area; i++) interleaved[i * kept + c] = pixels[c * area + i] ?? 0;
  }
  const longer = Math.max(height, width);
  const factor = longer > SIDE ? SIDE / longer : Math.max(1, Math.floor(SIDE / longer));
  const size = { width: Math.max(1, Math.round(width * factor)), height: Math.max(1, Math.round(height * factor)) };
  const png = await sharp(interleaved, { raw: { width, height, channels: kept } })
    .resize({ ...size, fit: "fill", kernel: factor < 1 ? "lanczos3" : "nearest" })
    .toColorspace(kept === 1 ? "b-w" : "srgb")
    .png({ compressionLevel: 9 })
    .toBuffer();
  return `data:image/png;base64,${png.toString("base64")}`;
}
