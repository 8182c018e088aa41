/** What a model takes of a text. */
export interface TextShape {
  /** So many bytes of UTF-8; longer texts are cut off. */
  readonly bytes: number;
  /** Whether capitals count as small letters. */
  readonly lowercase: boolean;
}

/** Stands where there are no more bytes. */
export const PADDING = 256;

/**
 * A text as models take it: bytes of UTF-8 as numbers from 0 to 255, in Unicode's composed form (NFC), with one space where there is
 * white space and none at both ends; then {@link PADDING}.
 */
export function textBytes(text: string, { bytes, lowercase }: TextShape): Float32Array {
  const plain = text.normalize("NFC").replace(/\s+/gu, " ").trim();
  const encoded = new TextEncoder().encode(lowercase ? plain.toLowerCase() : plain);
  const values = new Float32Array(bytes).fill(PADDING);
  values.set(encoded.subarray(0, bytes));
  return values;
}
