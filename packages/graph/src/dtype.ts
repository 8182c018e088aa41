import { GraphError } from "./errors.js";

/** Element types, by ONNX Runtime's names. */
export type DType =
  | "float32"
  | "float64"
  | "int8"
  | "uint8"
  | "int16"
  | "uint16"
  | "int32"
  | "uint32"
  | "int64"
  | "uint64"
  | "bool";

export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  bool: Uint8Array,
} as const satisfies Record<DType, unknown>;

/** Whether gradients flow through tensors of this type. */
export function isFloat(dtype: DType): boolean {
  return dtype === "float32" || dtype === "float64";
}

export function isDType(name: unknown): name is DType {
  return typeof name === "string" && Object.hasOwn(ARRAYS, name);
}

/** Whether an array is the one that holds elements of a type. */
export function holdsType(values: TypedArray, dtype: DType): boolean {
  return values instanceof ARRAYS[dtype];
}

/** A typed array of `length` zeros. */
export function zeros(dtype: DType, length: number): TypedArray {
  return new ARRAYS[dtype](length);
}

/** Numbers as a typed array of `dtype`; a typed array that fits is passed through uncopied. */
export function toTypedArray(dtype: DType, values: TypedArray | readonly number[]): TypedArray {
  const Target = ARRAYS[dtype];
  if (values instanceof Target) return values;
  if (ArrayBuffer.isView(values)) {
    throw new GraphError("DTYPE_MISMATCH", `expected ${Target.name} for ${dtype}, got ${values.constructor.name}`);
  }
  const wrong = isFloat(dtype) ? undefined : values.find((value) => !Number.isInteger(value));
  if (wrong !== undefined) throw new GraphError("DTYPE_MISMATCH", `${wrong} is no ${dtype}`, { value: wrong });
  if (dtype === "int64") return BigInt64Array.from(values, BigInt);
  if (dtype === "uint64") return BigUint64Array.from(values, BigInt);
  return (Target as { from(values: readonly number[]): TypedArray }).from(values);
}
