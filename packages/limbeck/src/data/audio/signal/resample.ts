import type { Sound } from "./wav.js";

/** Zero crossings of the sinc on each side. */
const CROSSINGS = 16;

/** Of half the lower rate, the share that is kept: the rest is the filter's slope. */
const ROLLOFF = 0.945;

/** The Kaiser window's shape: what is beyond the slope is about 80 dB lower. */
const BETA = 8;

/** At most so many samples come out: 1 GB. */
const MOST_SAMPLES = 250_000_000;

/**
 * A sound at another rate: a polyphase filter whose branches are sincs in Kaiser's window, each of sum 1, so that silence
 * and steady levels stay what they are. Beyond its ends the sound is silent.
 * @returns ⌈length · to / from⌉ samples; the same sound where the rate is its own
 * @throws RangeError where that is more than memory is given for
 */
export function resample({ samples, sampleRate: from }: Sound, to: number): Sound {
  if (from === to) return { samples, sampleRate: from };
  const common = divisor(from, to);
  const [up, down] = [to / common, from / common];
  const length = Math.ceil((samples.length * up) / down);
  if (length > MOST_SAMPLES) {
    throw new RangeError(`is too long: at ${to} samples a second it has ${length}; ${MOST_SAMPLES} are allowed`);
  }
  const cutoff = ROLLOFF * Math.min(1, up / down);
  const reach = CROSSINGS / cutoff;
  const branches = new Map<number, Float64Array>();
  const resampled = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    const phase = (i * down) % up;
    const branch = branches.get(phase) ?? branchOf(phase / up, cutoff, reach);
    branches.set(phase, branch);
    const first = (i * down - phase) / up - Math.floor(reach);
    let sum = 0;
    const end = Math.min(branch.length, samples.length - first);
    for (let k = Math.max(0, -first); k < end; k++) sum += branch[k]! * samples[first + k]!;
    resampled[i] = sum;
  }
  return { samples: resampled, sampleRate: to };
}

/** Weights of the samples around a place that lies `offset` (0 … 1) behind one of them. */
function branchOf(offset: number, cutoff: number, reach: number): Float64Array {
  const side = Math.floor(reach);
  const weights = Float64Array.from({ length: 2 * side + 2 }, (_, k) => {
    const distance = k - side - offset;
    if (Math.abs(distance) >= reach) return 0;
    const angle = Math.PI * cutoff * distance;
    const sinc = angle === 0 ? 1 : Math.sin(angle) / angle;
    return sinc * bessel(BETA * Math.sqrt(1 - (distance / reach) ** 2));
  });
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** The modified Bessel function of order 0, by its series. */
function bessel(x: number): number {
  let [sum, term] = [1, 1];
  for (let k = 1; term > 1e-12 * sum; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b);
}
