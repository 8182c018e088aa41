/** Sound of one channel. */
export interface Sound {
  /** -1 … 1, unless a file of floats has more. */
  readonly samples: Float32Array;
  /** Samples of a second. */
  readonly sampleRate: number;
}

/** What becomes of several channels: their mean, or the first one. */
export type ChannelChoice = "mix" | "first";

/** Where a WAV file has its sound, and how it is written. */
export interface WavLayout {
  readonly format: "int" | "float";
  readonly bits: number;
  readonly channels: number;
  readonly sampleRate: number;
  /** Bytes of one sample of all channels. */
  readonly frame: number;
  /** Place of the first byte. */
  readonly start: number;
  /** How many samples of all channels there are. */
  readonly frames: number;
}

const [PCM, FLOAT, EXTENSIBLE] = [1, 3, 0xfffe];

const KNOWN_FORMATS: Readonly<Record<number, string>> = { 2: "ADPCM", 6: "A-law", 7: "µ-law", 17: "ADPCM", 85: "MP3" };

/** All other codes of WAVE_FORMAT_EXTENSIBLE end so. */
const GUID_END = [0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71];

/** Programs that write to a pipe do not know how much will come. */
const UNKNOWN_SIZE = 0xffffffff;

const [LOWEST_RATE, HIGHEST_RATE] = [1000, 768_000];

/**
 * Reads what a WAV file says of itself; nothing is decoded.
 * @throws RangeError whose message is what is wrong with the file
 */
export function wavLayout(bytes: Uint8Array): WavLayout {
  const view = viewOf(bytes);
  const name = (at: number) => String.fromCharCode(...bytes.subarray(at, at + 4));
  if (bytes.length < 12 || name(8) !== "WAVE" || name(0) !== "RIFF") {
    throw new RangeError(`is no WAV file: it begins with ${JSON.stringify(name(0))}, not RIFF and WAVE`);
  }
  let format: Omit<WavLayout, "start" | "frames"> | undefined;
  for (let at = 12; at + 8 <= bytes.length; ) {
    const [id, size] = [name(at), view.getUint32(at + 4, true)];
    const start = at + 8;
    const end = start + size;
    if (id === "data") {
      if (!format) throw new RangeError("has sound before it says of what kind");
      return { ...format, start, frames: framesIn(size, bytes.length - start, format.frame) };
    }
    if (end > bytes.length) throw cutShort(id, size, bytes.length - start);
    if (id === "fmt ") format = formatOf(view, start, size);
    at = end + (size % 2);
  }
  throw new RangeError(format ? "has no chunk called data" : "has no chunk called fmt");
}

/**
 * Decodes a WAV file of PCM (8, 16, 24 or 32 bits) or floats (32 or 64 bits) into one channel. Integers of n bits are divided by
 * 2^(n - 1), as Python's readers do.
 * @throws RangeError whose message is what is wrong with the file
 */
export function decodeWav(bytes: Uint8Array, channel: ChannelChoice = "mix"): Sound {
  const layout = wavLayout(bytes);
  const { channels, frame, start, frames, sampleRate } = layout;
  const read = readerOf(viewOf(bytes), layout);
  const width = frame / channels;
  const taken = channel === "first" ? 1 : channels;
  const samples = new Float32Array(frames);
  for (let i = 0; i < frames; i++) {
    let sum = 0;
    for (let c = 0; c < taken; c++) sum += read(start + i * frame + c * width);
    samples[i] = sum / taken;
    if (!Number.isFinite(samples[i])) throw new RangeError(`has ${samples[i]} at sample ${i}, which is no sound`);
  }
  return { samples, sampleRate };
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

function formatOf(view: DataView, start: number, size: number): Omit<WavLayout, "start" | "frames"> {
  if (size < 16) throw new RangeError(`describes its format in ${size} bytes; that takes 16`);
  const code = formatCode(view, start, size);
  const channels = view.getUint16(start + 2, true);
  const sampleRate = view.getUint32(start + 4, true);
  const [frame, bits] = [view.getUint16(start + 12, true), view.getUint16(start + 14, true)];
  const known = code === PCM ? [8, 16, 24, 32] : code === FLOAT ? [32, 64] : undefined;
  if (!known) throw new RangeError(`holds ${KNOWN_FORMATS[code] ?? `format ${code}`}; PCM and floats are read`);
  if (!known.includes(bits)) throw new RangeError(`has samples of ${bits} bits; ${known.join(", ")} are read`);
  if (channels === 0 || frame !== (channels * bits) / 8) {
    throw new RangeError(`announces ${channels} channels of ${bits} bits in ${frame} bytes`);
  }
  if (sampleRate < LOWEST_RATE || sampleRate > HIGHEST_RATE) {
    throw new RangeError(`announces ${sampleRate} samples a second; ${LOWEST_RATE} to ${HIGHEST_RATE} are read`);
  }
  return { format: code === PCM ? "int" : "float", bits, channels, sampleRate, frame };
}

function formatCode(view: DataView, start: number, size: number): number {
  const code = view.getUint16(start, true);
  if (code !== EXTENSIBLE) return code;
  const isKnown = size >= 40 && GUID_END.every((byte, i) => view.getUint8(start + 26 + i) === byte);
  if (!isKnown) throw new RangeError("has an extensible format that does not say which");
  return view.getUint16(start + 24, true);
}

function framesIn(size: number, there: number, frame: number): number {
  const isStream = size === UNKNOWN_SIZE;
  if (!isStream && size > there) throw cutShort("data", size, there);
  const frames = Math.floor((isStream ? there : size) / frame);
  if (!isStream && size % frame !== 0) {
    throw new RangeError(`has ${size} bytes of sound, which are no whole samples of ${frame} bytes`);
  }
  if (frames === 0) throw new RangeError("holds no sound");
  return frames;
}

function cutShort(chunk: string, size: number, there: number): RangeError {
  return new RangeError(`is cut short: chunk ${JSON.stringify(chunk)} announces ${size} bytes, and ${there} are there`);
}

/** Reads the sample at a place. */
function readerOf(view: DataView, { format, bits }: WavLayout): (at: number) => number {
  if (format === "float") return bits === 32 ? (at) => view.getFloat32(at, true) : (at) => view.getFloat64(at, true);
  if (bits === 8) return (at) => (view.getUint8(at) - 128) / 128;
  if (bits === 16) return (at) => view.getInt16(at, true) / 32768;
  if (bits === 24) return (at) => (view.getUint16(at, true) + view.getInt8(at + 2) * 65536) / 8388608;
  return (at) => view.getInt32(at, true) / 2147483648;
}
