import { readFileSync, writeFileSync } from "node:fs";
import type { Problem, ProblemTensor } from "../row.js";

/**
 * A problem as a file in the safetensors format, which Python reads as easily as we do: eight bytes of header length, a
 * JSON header, the numbers. Settings travel in `__metadata__`.
 */

interface Entry {
  readonly dtype: "F32" | "I32";
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

const METADATA = "__metadata__";
const LENGTH_BYTES = 8;

export function writeProblem(path: string, { tensors, settings }: Problem): void {
  let offset = 0;
  const header: Record<string, unknown> = { [METADATA]: textOf(settings) };
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    const dtype = data instanceof Float32Array ? "F32" : "I32";
    header[name] = { dtype, shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const parts = Object.values(tensors).map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  writeFileSync(path, Buffer.concat([encodeHeader(header), ...parts]));
}

export function readProblem(path: string): Problem {
  const { buffer } = new Uint8Array(readFileSync(path));
  const start = LENGTH_BYTES + Number(new DataView(buffer).getBigUint64(0, true));
  const text = new TextDecoder().decode(new Uint8Array(buffer, LENGTH_BYTES, start - LENGTH_BYTES));
  const { [METADATA]: settings, ...entries } = JSON.parse(text) as Record<string, unknown>;
  return {
    settings: numbersOf(settings as Record<string, string>),
    tensors: Object.fromEntries(
      Object.entries(entries as Record<string, Entry>).map(([name, entry]) => [name, view(buffer, start, entry)]),
    ),
  };
}

function view(buffer: ArrayBuffer, start: number, { dtype, shape, data_offsets }: Entry): ProblemTensor {
  const Target = dtype === "F32" ? Float32Array : Int32Array;
  const length = (data_offsets[1] - data_offsets[0]) / Target.BYTES_PER_ELEMENT;
  return { shape, data: new Target(buffer, start + data_offsets[0], length) };
}

/** Spaces at the end let the numbers begin at a multiple of eight. */
function encodeHeader(header: Record<string, unknown>): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  const padded = Buffer.alloc(LENGTH_BYTES + Math.ceil(text.length / 8) * 8, " ");
  padded.writeBigUInt64LE(BigInt(padded.length - LENGTH_BYTES));
  text.copy(padded, LENGTH_BYTES);
  return padded;
}

function textOf(settings: Readonly<Record<string, number>>): Record<string, string> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]));
}

function numbersOf(settings: Readonly<Record<string, string>>): Record<string, number> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, Number(value)]));
}
