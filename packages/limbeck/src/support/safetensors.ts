import type { DType, TypedArray } from "@limbeck/graph";
import { z } from "zod";
import { LimbeckError } from "./errors.js";
import { readBytes, writeFileAtomic } from "./files.js";

/** A tensor on the host. */
export interface HostTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TypedArray;
}

/** What a safetensors file holds: tensors by name, and text by key. */
export interface SafetensorsFile {
  readonly tensors: Readonly<Record<string, HostTensor>>;
  readonly metadata: Readonly<Record<string, string>>;
}

const FORMATS = {
  F32: { dtype: "float32", array: Float32Array },
  F64: { dtype: "float64", array: Float64Array },
  I8: { dtype: "int8", array: Int8Array },
  U8: { dtype: "uint8", array: Uint8Array },
  U16: { dtype: "uint16", array: Uint16Array },
  I32: { dtype: "int32", array: Int32Array },
  I64: { dtype: "int64", array: BigInt64Array },
} as const;

type FormatName = keyof typeof FORMATS;

const headerSchema = z.record(
  z.string(),
  z.union([
    z.strictObject({
      dtype: z.enum(Object.keys(FORMATS) as [FormatName, ...FormatName[]]),
      shape: z.array(z.int().nonnegative()),
      data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
    }),
    z.record(z.string(), z.string()),
  ]),
);

const ALIGNMENT = 8;
const MAX_HEADER = 100_000_000;
/** Readers of JSON that guard against forged prototypes drop this key. */
const UNREADABLE_NAME = "__proto__";

/** Writes tensors in the safetensors format, whole or not at all. @throws LimbeckError FILE_UNWRITABLE, DISK_FULL */
export function writeSafetensors(path: string, file: SafetensorsFile): void {
  writeFileAtomic(path, encodeSafetensors(file));
}

/** Reads a safetensors file. @throws LimbeckError FILE_MISSING, FILE_UNREADABLE */
export function readSafetensors(path: string): SafetensorsFile {
  return decodeSafetensors(readBytes(path), path);
}

export function encodeSafetensors(file: SafetensorsFile): Uint8Array {
  const entries: [string, unknown][] = [["__metadata__", file.metadata]];
  let offset = 0;
  for (const [name, tensor] of Object.entries(file.tensors)) {
    if (name === UNREADABLE_NAME) {
      throw new LimbeckError("FILE_UNWRITABLE", `a tensor must not be called ${name}`, { value: name });
    }
    const end = offset + tensor.data.byteLength;
    entries.push([name, { dtype: formatOf(tensor.dtype), shape: tensor.shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const headerLength = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(8 + headerLength + offset).fill(0x20, 8, 8 + headerLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.set(json, 8);
  let at = 8 + headerLength;
  for (const { data } of Object.values(file.tensors)) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

export function decodeSafetensors(bytes: Uint8Array, where: string): SafetensorsFile {
  const { header, start } = readHeader(bytes, where);
  const metadata: Record<string, string> = {};
  const tensors: Record<string, HostTensor> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") Object.assign(metadata, entry);
    else if (isTensorEntry(entry)) tensors[name] = readTensor(bytes, start, name, entry, where);
    else throw damaged(where, `${name} is not described as a tensor`);
  }
  return { tensors, metadata };
}

type TensorEntry = { dtype: FormatName; shape: number[]; data_offsets: [number, number] };

function isTensorEntry(entry: object): entry is TensorEntry {
  return "data_offsets" in entry && Array.isArray(entry.data_offsets);
}

function readHeader(bytes: Uint8Array, where: string): { header: z.infer<typeof headerSchema>; start: number } {
  if (bytes.length < 8) throw damaged(where, "it is shorter than its header");
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > MAX_HEADER || 8 + length > bytes.length) throw damaged(where, "it is cut short");
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    return { header: headerSchema.parse(json), start: 8 + length };
  } catch (error) {
    throw damaged(where, "its header is not what it should be", error);
  }
}

function readTensor(bytes: Uint8Array, start: number, name: string, entry: TensorEntry, where: string): HostTensor {
  const { dtype, array } = FORMATS[entry.dtype];
  const [from, to] = entry.data_offsets;
  const length = entry.shape.reduce((product, dim) => product * dim, 1);
  if (to - from !== length * array.BYTES_PER_ELEMENT || start + to > bytes.length) {
    throw damaged(where, `${name} does not fit its shape`);
  }
  // A copy begins where its type may begin; a slice of what a file was read into would be none.
  const copy = new Uint8Array(to - from);
  copy.set(bytes.subarray(start + from, start + to));
  return { dtype, shape: entry.shape, data: new array(copy.buffer, 0, length) };
}

function formatOf(dtype: DType): FormatName {
  const found = Object.entries(FORMATS).find(([, format]) => format.dtype === dtype);
  if (!found) throw new LimbeckError("FILE_UNWRITABLE", `safetensors has no type ${dtype}`, { value: dtype });
  return found[0] as FormatName;
}

function damaged(where: string, problem: string, cause?: unknown): LimbeckError {
  return new LimbeckError("FILE_UNREADABLE", `${where} is not a sound safetensors file: ${problem}`, {
    where,
    fix: "Delete it; a resumed run makes it anew.",
    cause,
  });
}
