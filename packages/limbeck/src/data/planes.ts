/**
 * Bytes of an image, `[pixels, channels]` as `[channels, pixels]`.
 * @param interleaved as many values as `planes`
 */
export function toPlanes(interleaved: ArrayLike<number>, channels: number, planes: Uint8Array): void {
  const area = planes.length / channels;
  for (let c = 0; c < channels; c++) {
    for (let i = 0; i < area; i++) planes[c * area + i] = interleaved[i * channels + c]!;
  }
}
