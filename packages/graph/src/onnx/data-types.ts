import { TensorProto_DataType as DataType } from "onnx-buf";
import type { DType, TypedArray } from "../dtype.js";
import type { Shape } from "../shape.js";

/** ONNX's number for each element type. */
export const DATA_TYPES: Readonly<Record<DType, DataType>> = {
  float32: DataType.FLOAT,
  float64: DataType.DOUBLE,
  int8: DataType.INT8,
  uint8: DataType.UINT8,
  int16: DataType.INT16,
  uint16: DataType.UINT16,
  int32: DataType.INT32,
  uint32: DataType.UINT32,
  int64: DataType.INT64,
  uint64: DataType.UINT64,
  bool: DataType.BOOL,
};

const DTYPES: ReadonlyMap<number, DType> = new Map([
  ...Object.entries(DATA_TYPES).map(([dtype, number]): [number, DType] => [number, dtype as DType]),
  [DataType.FLOAT16, "float32"],
  [DataType.BFLOAT16, "float32"],
]);

/**
 * The element type in which graphs hold one of ONNX's, which is float32 for half precision; `undefined` for those that
 * they do not have (strings, complex numbers, …).
 */
export function dtypeOf(dataType: number): DType | undefined {
  return DTYPES.get(dataType);
}

/** ONNX's own name of an element type, for messages. */
export function dataTypeName(dataType: number): string {
  return DataType[dataType] ?? `number ${dataType}`;
}

/** Numbers with a type and a shape. */
export interface KnownValue {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: TypedArray;
}
