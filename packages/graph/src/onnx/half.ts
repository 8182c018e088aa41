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
