/** Half precision (IEEE 754 binary16), which JavaScript of today lacks an array for. */

const LARGEST = 65_504;
const FRACTION_BITS = 10;
const EXPONENT_BIAS = 15;
/** The distance of numbers that have no exponent of their own. */
const SMALLEST = 2 ** -24;

/** Rounds to the nearest number, and of two to the even one. */
function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

function toHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  if (Number.isNaN(value)) return 0x7e00;
  const size = Math.min(Math.abs(value), LARGEST);
  if (size < 2 ** -14) return sign + roundToEven(size / SMALLEST);
  const exponent = Math.floor(Math.log2(size));
  const fraction = roundToEven((size / 2 ** exponent) * 2 ** FRACTION_BITS) - 2 ** FRACTION_BITS;
  // A fraction that was rounded up to the next power of two carries into the exponent, as it should.
  return sign + ((exponent + EXPONENT_BIAS) << FRACTION_BITS) + fraction;
}

/** Numbers as the bits of half precision, rounded; what is larger than 65,504 becomes that. */
export function toHalves(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, toHalf);
}
