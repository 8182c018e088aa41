import { fromFloat16 } from "@limbeck/graph";
import { LimbeckError } from "../../support/errors.js";

/** An array of numbers, in C order: `data.length` is the product of `shape`. */
export interface NpyArray {
  readonly shape: readonly number[];
  /** As NumPy writes it, without the order of bytes: "u1", "f4". */
  readonly dtype: string;
  readonly data: Numbers;
}

type Numbers =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

interface Dtype {
  readonly bytes: number;
  read(view: DataView, count: number, isLittle: boolean): Numbers;
}

/** Fills an array from numbers that stand side by side. */
function filling<Filled extends Numbers>(
  bytes: number,
  create: (count: number) => Filled,
  get: (view: DataView, at: number, isLittle: boolean) => number,
): Dtype {
  const read = (view: DataView, count: number, isLittle: boolean) => {
    const filled = create(count);
    for (let i = 0; i < count; i++) filled[i] = get(view, i * bytes, isLittle);
    return filled;
  };
  return { bytes, read };
}

const byte: Dtype = {
  bytes: 1,
  read: (view, count) => new Uint8Array(view.buffer, view.byteOffset, count),
};

const half = filling(
  2,
  (n) => new Uint16Array(n),
  (view, at, little) => view.getUint16(at, little),
);

/** 64-bit integers become doubles: what these cannot hold is of no use as a label or a value. */
const DTYPES: Readonly<Record<string, Dtype>> = {
  b1: byte,
  u1: byte,
  i1: filling(
    1,
    (n) => new Int8Array(n),
    (view, at) => view.getInt8(at),
  ),
  u2: half,
  i2: filling(
    2,
    (n) => new Int16Array(n),
    (view, at, little) => view.getInt16(at, little),
  ),
  u4: filling(
    4,
    (n) => new Uint32Array(n),
    (view, at, little) => view.getUint32(at, little),
  ),
  i4: filling(
    4,
    (n) => new Int32Array(n),
    (view, at, little) => view.getInt32(at, little),
  ),
  u8: filling(
    8,
    (n) => new Float64Array(n),
    (view, at, little) => Number(view.getBigUint64(at, little)),
  ),
  i8: filling(
    8,
    (n) => new Float64Array(n),
    (view, at, little) => Number(view.getBigInt64(at, little)),
  ),
  f2: { bytes: 2, read: (...bits) => fromFloat16(half.read(...bits) as Uint16Array) },
  f4: filling(
    4,
    (n) => new Float32Array(n),
    (view, at, little) => view.getFloat32(at, little),
  ),
  f8: filling(
    8,
    (n) => new Float64Array(n),
    (view, at, little) => view.getFloat64(at, little),
  ),
};

const MAGIC = Buffer.from("\x93NUMPY", "latin1");

/**
 * Reads NumPy's format, versions 1 to 3 (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html), of plain
 * numbers in any byte order. Arrays in Fortran's order are rearranged. Takes no more memory than the file's size tells.
 * @param name names the array in errors
 * @returns bytes as a view of `bytes`, all else as a copy
 * @throws LimbeckError DATA_CORRUPT: not such a file, no plain numbers, cut short or too long
 */
export function parseNpy(bytes: Uint8Array, name: string): NpyArray {
  const { header, offset } = headerOf(bytes, name);
  const descr = /'descr':\s*'([<>|=])([a-zA-Z])(\d+)'/.exec(header);
  const order = /'fortran_order':\s*(True|False)/.exec(header);
  const dims = /'shape':\s*\(([\d,\s]*)\)/.exec(header);
  if (!order || !dims) throw damaged(name, "has a header that is not NumPy's", header);
  const dtype = descr ? `${descr[2]}${descr[3]}` : "";
  const kind = Object.hasOwn(DTYPES, dtype) ? DTYPES[dtype] : undefined;
  if (!kind) {
    const found = /'descr':\s*('[^']*'|\[)/.exec(header)?.[1] ?? "nothing";
    throw damaged(name, `holds ${found === "[" ? "records" : found}, and only plain numbers can be read`, found);
  }
  const shape = [...dims[1]!.matchAll(/\d+/g)].map(Number);
  const count = shape.reduce((product, extent) => product * extent, 1);
  const found = bytes.length - offset;
  if (count * kind.bytes !== found) {
    const problem = count * kind.bytes > found ? "is cut short" : "is too long";
    throw damaged(
      name,
      `${problem}: ${shape.join(" × ")} values take ${count * kind.bytes} bytes, not ${found}`,
      found,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, found);
  const data = kind.read(view, count, descr![1] !== ">");
  return { shape, dtype, data: order[1] === "True" && shape.length > 1 ? inRows(data, shape) : data };
}

function headerOf(bytes: Uint8Array, name: string): { header: string; offset: number } {
  if (!MAGIC.equals(bytes.subarray(0, MAGIC.length))) {
    throw damaged(name, "is not NumPy's: it does not begin with \\x93NUMPY", [...bytes.subarray(0, MAGIC.length)]);
  }
  const version = bytes[6] ?? 0;
  if (version < 1 || version > 3) throw damaged(name, `is of format ${version}; 1 to 3 can be read`, version);
  const start = version === 1 ? 10 : 12;
  if (bytes.length < start) throw damaged(name, "is cut short: it ends within its header", bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  const offset = start + length;
  if (offset > bytes.length) throw damaged(name, "is cut short: it ends within its header", bytes.length);
  return {
    header: Buffer.from(bytes.subarray(start, Math.min(offset, start + MOST_HEADER))).toString("latin1"),
    offset,
  };
}

/** A header of plain numbers is far shorter; what comes after is padding, or a list of records. */
const MOST_HEADER = 4096;

/** An array whose first axis changes fastest, with the last one changing fastest. */
function inRows(data: Numbers, shape: readonly number[]): Numbers {
  const rows = data.slice();
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, extent) => product * extent, 1));
  const place = shape.map(() => 0);
  for (let i = 0, from = 0; i < rows.length; i++) {
    rows[i] = data[from]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++place[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      place[axis] = 0;
    }
  }
  return rows;
}

/** The error for an array that cannot be used. */
export function damaged(name: string, problem: string, value: unknown, cause?: unknown): LimbeckError {
  const fix = "Write it again with numpy.save or numpy.savez, as plain numbers.";
  return new LimbeckError("DATA_CORRUPT", `${name} ${problem}`, { where: name, value, fix, cause });
}
