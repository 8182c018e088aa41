import { TensorProto_DataType as DataType } from "onnx-buf";

const EXPONENT_BIAS = 15;
const FRACTION_BITS = 10;
const INFINITE_EXPONENT = 31;

let halves: Float32Array | undefined;

/** The numbers that the 65,536 patterns of float16 stand for. */
function halfTable(): Float32Array {
  halves ??= Float32Array.from({ length: 65_536 }, (_, bits) => {
    const sign = bits >> 15 === 0 ? 1 : -1;
    const exponent = (bits >> FRACTION_BITS) & INFINITE_EXPONENT;
    const fraction = (bits & (2 ** FRACTION_BITS - 1)) / 2 ** FRACTION_BITS;
    if (exponent === INFINITE_EXPONENT) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    if (exponent === 0) return sign * fraction * 2 ** (1 - EXPONENT_BIAS);
    return sign * (1 + fraction) * 2 ** (exponent - EXPONENT_BIAS);
  });
  return halves;
}

/** Whether this is one of ONNX's half precision types, which graphs hold as float32. */
export function isHalf(dataType: number): boolean {
  return dataType === DataType.FLOAT16 || dataType === DataType.BFLOAT16;
}

/** The numbers that bits of float16 stand for, as float32: nothing is lost. */
export function fromFloat16(bits: Uint16Array): Float32Array {
  const table = halfTable();
  return Float32Array.from(bits, (value) => table[value]!);
}

/** Half precision numbers, given as their bits, as float32: nothing is lost. */
export function widened(dataType: number, bits: Uint16Array): Float32Array {
  if (dataType === DataType.BFLOAT16) return new Float32Array(Uint32Array.from(bits, (value) => value << 16).buffer);
  return fromFloat16(bits);
}

/** 65,504 as bits of float32, and as bits of float16. */
const LARGEST = 0x477fe000;
const LARGEST_HALF = 0x7bff;
/** Places that float32 has more than float16. */
const MORE_PLACES = 13;

/** Numbers as the bits of float16, rounded to the nearest, of two to the even one; finite numbers beyond 65,504 become that. */
export function toFloat16(values: Float32Array): Uint16Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(bits.length);
  // `from` would take ten times as long.
  for (let i = 0; i < bits.length; i++) halves[i] = halfOf(bits[i]!);
  return halves;
}

function halfOf(single: number): number {
  const sign = (single >>> 16) & 0x8000;
  const size = single & 0x7fffffff;
  if (size > 0x7f800000) return 0x7e00;
  if (size === 0x7f800000) return sign | 0x7c00;
  if (size > LARGEST) return sign | LARGEST_HALF;
  const exponent = (size >>> 23) - 127;
  if (exponent < -25) return sign;
  const isSmall = exponent < 1 - EXPONENT_BIAS;
  // Numbers too small for an exponent of their own have fewer places, and the leading one is written out.
  const shift = isSmall ? -1 - exponent : MORE_PLACES;
  const whole = isSmall ? (size & 0x7fffff) | 0x800000 : size - ((127 - EXPONENT_BIAS) << 23);
  const kept = whole >>> shift;
  const rest = whole & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  // A fraction that is rounded up to the next power of two carries into the exponent, as it should.
  return sign | (rest > half || (rest === half && kept % 2 === 1) ? kept + 1 : kept);
}
