import { TensorProto_DataLocation as DataLocation, type TensorProto } from "onnx-buf";
import { type DType, type TypedArray, toTypedArray, zeros } from "../dtype.js";
import { GraphError } from "../errors.js";
import { formatShape, type Shape, sizeOf } from "../shape.js";
import { dataTypeName, dtypeOf, type KnownValue } from "./data-types.js";
import { isHalf, widened } from "./half.js";

/** Gives the bytes of a file that lies beside the model; is asked for no path that leaves the model's folder. */
export type ExternalData = (location: string) => Uint8Array;

/**
 * Reads a tensor of an ONNX file, wherever it keeps its numbers. The result may share memory with the file.
 * @throws GraphError MODEL_UNSUPPORTED for element types that graphs do not have; MODEL_INVALID where the data do not
 * fill the shape
 */
export function decodeTensor(proto: TensorProto, externalData?: ExternalData): KnownValue {
  const dtype = dtypeOf(proto.dataType);
  if (!dtype) {
    throw new GraphError("MODEL_UNSUPPORTED", `tensor ${proto.name} has element type ${dataTypeName(proto.dataType)}`, {
      value: dataTypeName(proto.dataType),
      fix: "Convert the model to float32 first.",
    });
  }
  const shape = shapeOf(proto.name, proto.dims);
  if (!isHalf(proto.dataType)) return { dtype, shape, data: dataOf(proto, dtype, shape, externalData) };
  const bits = dataOf(proto, "uint16", shape, externalData) as Uint16Array;
  return { dtype, shape, data: widened(proto.dataType, bits) };
}

/** Dimensions of a file as numbers. @throws GraphError MODEL_INVALID */
export function shapeOf(name: string, dims: readonly bigint[]): Shape {
  const shape = dims.map(Number);
  if (shape.every((dim) => dim >= 0) && Number.isSafeInteger(sizeOf(shape))) return shape;
  throw new GraphError("MODEL_INVALID", `tensor ${name} has shape ${formatShape(shape)}`, { value: shape });
}

function dataOf(proto: TensorProto, dtype: DType, shape: Shape, externalData?: ExternalData): TypedArray {
  if (proto.dataLocation === DataLocation.EXTERNAL) {
    return fromBytes(proto.name, dtype, shape, externalBytes(proto, externalData));
  }
  if (proto.rawData.length > 0) return fromBytes(proto.name, dtype, shape, proto.rawData);
  const numbers = fieldOf(proto, dtype);
  if (numbers.length !== sizeOf(shape)) throw lengthError(proto.name, shape, numbers.length);
  return fromField(dtype, numbers);
}

/** ONNX's typed fields: small integers and truth values share `int32Data`. */
function fieldOf(proto: TensorProto, dtype: DType): readonly number[] | readonly bigint[] {
  switch (dtype) {
    case "float32":
      return proto.floatData;
    case "float64":
      return proto.doubleData;
    case "int64":
      return proto.int64Data;
    case "uint32":
    case "uint64":
      return proto.uint64Data;
    default:
      return proto.int32Data;
  }
}

function fromField(dtype: DType, numbers: readonly number[] | readonly bigint[]): TypedArray {
  if (dtype === "int64") return BigInt64Array.from(numbers as readonly bigint[]);
  if (dtype === "uint64") return BigUint64Array.from(numbers as readonly bigint[]);
  return toTypedArray(dtype, Array.from(numbers as ArrayLike<number | bigint>, Number));
}

function fromBytes(name: string, dtype: DType, shape: Shape, bytes: Uint8Array): TypedArray {
  const size = sizeOf(shape);
  const empty = zeros(dtype, 0);
  const { BYTES_PER_ELEMENT } = empty;
  if (bytes.byteLength !== size * BYTES_PER_ELEMENT) {
    throw lengthError(name, shape, bytes.byteLength / BYTES_PER_ELEMENT);
  }
  const aligned = bytes.byteOffset % BYTES_PER_ELEMENT === 0 ? bytes : new Uint8Array(bytes);
  const Target = empty.constructor as new (buffer: ArrayBufferLike, offset: number, length: number) => TypedArray;
  return new Target(aligned.buffer, aligned.byteOffset, size);
}

/** The bytes of a tensor that lies in another file. @throws GraphError MODEL_INVALID */
export function externalBytes(proto: TensorProto, externalData?: ExternalData): Uint8Array {
  const entries = new Map(proto.externalData.map(({ key, value }) => [key, value]));
  const location = entries.get("location") ?? "";
  if (!isInside(location)) {
    throw new GraphError("MODEL_INVALID", `tensor ${proto.name} points outside of the model's folder`, {
      value: location,
      fix: "Do not trust this file: external data lie beside a model.",
    });
  }
  if (!externalData) {
    throw new GraphError("MODEL_INVALID", `tensor ${proto.name} lies in another file, ${location}`, {
      value: location,
      fix: "Give the option externalData, which returns the bytes of such files.",
    });
  }
  const bytes = externalData(location);
  const offset = Number(entries.get("offset") ?? 0);
  const length = Number(entries.get("length") ?? bytes.length - offset);
  const isRange = Number.isInteger(offset) && Number.isInteger(length) && offset >= 0 && length >= 0;
  if (!isRange || offset + length > bytes.length) {
    throw new GraphError("MODEL_INVALID", `tensor ${proto.name} lies outside of ${location}`, {
      value: [offset, length, bytes.length],
    });
  }
  return bytes.subarray(offset, offset + length);
}

/** Whether a path stays below the folder that it starts from. */
function isInside(location: string): boolean {
  const parts = location.split(/[/\\]/);
  return location !== "" && !/^([/\\]|[a-z]+:)/i.test(location) && !parts.includes("..") && !location.includes("\0");
}

function lengthError(name: string, shape: Shape, length: number): GraphError {
  return new GraphError("MODEL_INVALID", `tensor ${name} of shape ${formatShape(shape)} has ${length} values`, {
    value: name,
    fix: "The file is damaged: fetch it again.",
  });
}
