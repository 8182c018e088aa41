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

const LARGEST = 65_504;
/** The distance of numbers that have no exponent of their own. */
const SMALLEST = 2 ** (1 - EXPONENT_BIAS - FRACTION_BITS);

/** Numbers as the bits of float16, rounded to the nearest, of two to the even one; what is beyond 65,504 becomes that. */
export function toFloat16(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, halfOf);
}

function halfOf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  if (Number.isNaN(value)) return 0x7e00;
  const size = Math.min(Math.abs(value), LARGEST);
  if (size < 2 ** (1 - EXPONENT_BIAS)) return sign + roundHalfEven(size / SMALLEST);
  const exponent = Math.floor(Math.log2(size));
  const fraction = roundHalfEven((size / 2 ** exponent) * 2 ** FRACTION_BITS) - 2 ** FRACTION_BITS;
  // A fraction that was rounded up to the next power of two carries into the exponent, as it should.
  return sign + ((exponent + EXPONENT_BIAS) << FRACTION_BITS) + fraction;
}

/** To the nearest whole number; of two, the even one. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
