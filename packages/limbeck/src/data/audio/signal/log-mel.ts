/** How a sound becomes a picture of its frequencies over time. */
export interface MelOptions {
  /** Bands of frequencies. */
  readonly mels: number;
  /** Samples that are looked at together. */
  readonly window: number;
  /** Samples from one look to the next. */
  readonly hop: number;
  readonly sampleRate: number;
}

/** Added to each band's power before the logarithm: silence is ln(10⁻⁶). */
const FLOOR = 1e-6;

/** The value of bands in which there is nothing. */
export const SILENT_BAND: number = Math.log(FLOOR);

/** How many looks fit into a sound: none reaches over its ends. */
export function frameCount(samples: number, { window, hop }: Pick<MelOptions, "window" | "hop">): number {
  return samples < window ? 0 : 1 + Math.floor((samples - window) / hop);
}

/** One band's share of the spectrum, from the frequency bin `first` on. */
interface Band {
  readonly first: number;
  readonly weights: Float64Array;
}

/** A function that computes [mels, frames] of a sound: natural logarithms of the power in bands that are evenly spread on HTK's mel scale. */
export function logMelOf(options: MelOptions): (samples: Float32Array) => Float32Array {
  const { mels, window, hop } = options;
  const { size, bands } = filterBank(options);
  const hann = Float64Array.from({ length: window }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / window));
  const transform = fourier(size);
  return (samples) => {
    const frames = frameCount(samples.length, options);
    const values = new Float32Array(mels * frames);
    const [real, imaginary] = [new Float64Array(size), new Float64Array(size)];
    for (let frame = 0; frame < frames; frame++) {
      real.fill(0);
      imaginary.fill(0);
      for (let i = 0; i < window; i++) real[i] = hann[i]! * samples[frame * hop + i]!;
      transform(real, imaginary);
      for (const [band, { first, weights }] of bands.entries()) {
        let power = 0;
        for (let k = 0; k < weights.length; k++) {
          power += weights[k]! * (real[first + k]! ** 2 + imaginary[first + k]! ** 2);
        }
        values[band * frames + frame] = Math.log(power + FLOOR);
      }
    }
    return values;
  };
}

/** Triangles of height 1 from 0 Hz to half the rate, each from its left neighbor's peak to its right one's. */
function filterBank({ mels, window, sampleRate }: MelOptions): { size: number; bands: Band[] } {
  const top = 2595 * Math.log10(1 + sampleRate / 2 / 700);
  const peaks = Array.from({ length: mels + 2 }, (_, i) => 700 * (10 ** ((top * i) / (mels + 1) / 2595) - 1));
  const bandAt = (size: number, band: number): Band => {
    const [left, peak, right] = peaks.slice(band, band + 3) as [number, number, number];
    const step = sampleRate / size;
    const first = Math.floor(left / step) + 1;
    const count = Math.max(0, Math.min(size / 2 + 1, Math.ceil(right / step)) - first);
    const weights = Float64Array.from({ length: count }, (_, k) => {
      const frequency = (first + k) * step;
      return Math.max(0, Math.min((frequency - left) / (peak - left), (right - frequency) / (right - peak)));
    });
    return { first, weights };
  };
  // The finer the bands, the longer the transform: none may fall between two of its frequencies.
  for (let size = 2 ** Math.ceil(Math.log2(window)); ; size *= 2) {
    const bands = Array.from({ length: mels }, (_, band) => bandAt(size, band));
    if (bands.every(({ weights }) => weights.some((weight) => weight > 0))) return { size, bands };
  }
}

/** Fourier's transform in place, for a power of two. */
function fourier(size: number): (real: Float64Array, imaginary: Float64Array) => void {
  const cos = Float64Array.from({ length: size / 2 }, (_, i) => Math.cos((2 * Math.PI * i) / size));
  const sin = Float64Array.from({ length: size / 2 }, (_, i) => -Math.sin((2 * Math.PI * i) / size));
  const places = Uint32Array.from({ length: size }, (_, i) => {
    let place = 0;
    for (let bit = 1; bit < size; bit *= 2) place = place * 2 + (i & bit ? 1 : 0);
    return place;
  });
  return (real, imaginary) => {
    for (const values of [real, imaginary]) {
      places.forEach((to, from) => {
        if (to > from) [values[from], values[to]] = [values[to]!, values[from]!];
      });
    }
    for (let half = 1; half < size; half *= 2) {
      const stride = size / (2 * half);
      for (let start = 0; start < size; start += 2 * half) {
        for (let k = 0; k < half; k++) {
          const [a, b] = [start + k, start + k + half];
          const [c, s] = [cos[k * stride]!, sin[k * stride]!];
          const re = real[b]! * c - imaginary[b]! * s;
          const im = real[b]! * s + imaginary[b]! * c;
          real[b] = real[a]! - re;
          imaginary[b] = imaginary[a]! - im;
          real[a]! += re;
          imaginary[a]! += im;
        }
      }
    }
  };
}
