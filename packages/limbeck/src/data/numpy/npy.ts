import { LimbeckError } from "../../support/errors.js";
import { type Dtype, isDtype, type Numbers, readNumbers, widthOf } from "./dtypes.js";

/** An array of numbers, in C order: `data.length` is the product of `shape`. */
export interface NpyArray {
  readonly shape: readonly number[];
  /** As NumPy writes it, without the order of bytes: "u1", "f4". */
  readonly dtype: string;
  readonly data: Numbers;
}

const MAGIC = Buffer.from("\x93NUMPY", "latin1");

/** What a file of an array says of it. */
export interface NpyHeader {
  readonly shape: readonly number[];
  readonly dtype: Dtype;
  readonly isLittle: boolean;
  /** Whether the first axis changes fastest. */
  readonly isFortran: boolean;
  /** Where the numbers begin. */
  readonly offset: number;
  /** How many numbers there are. */
  readonly count: number;
}

/**
 * Reads NumPy's format, versions 1 to 3 (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html), of plain
 * numbers in any byte order. Arrays in Fortran's order are rearranged. Takes no more memory than the file's size tells.
 * @param name names the array in errors
 * @returns bytes as a view of `bytes`, all else as a copy
 * @throws LimbeckError DATA_CORRUPT: not such a file, no plain numbers, cut short or too long
 */
export function parseNpy(bytes: Uint8Array, name: string): NpyArray {
  const { shape, dtype, isLittle, isFortran, offset, count } = parseNpyHeader(bytes, bytes.length, name);
  const data = readNumbers(dtype, bytes.subarray(offset), count, isLittle);
  return { shape, dtype, data: isFortran ? inRows(data, shape) : data };
}

/**
 * Reads the header of NumPy's format.
 * @param start the file's first bytes, {@link NPY_START} or all
 * @param size of the whole file, in bytes
 * @throws LimbeckError DATA_CORRUPT as {@link parseNpy}
 */
export function parseNpyHeader(start: Uint8Array, size: number, name: string): NpyHeader {
  const { header, offset } = headerOf(start, size, name);
  const descr = /'descr':\s*'([<>|=])([a-zA-Z])(\d+)'/.exec(header);
  const order = /'fortran_order':\s*(True|False)/.exec(header);
  const dims = /'shape':\s*\(([\d,\s]*)\)/.exec(header);
  if (!order || !dims) throw damaged(name, "has a header that is not NumPy's", header);
  const dtype = descr ? `${descr[2]}${descr[3]}` : "";
  if (!isDtype(dtype)) {
    const found = /'descr':\s*('[^']*'|\[)/.exec(header)?.[1] ?? "nothing";
    throw damaged(name, `holds ${found === "[" ? "records" : found}, and only plain numbers can be read`, found);
  }
  const shape = [...dims[1]!.matchAll(/\d+/g)].map(Number);
  const count = shape.reduce((product, extent) => product * extent, 1);
  const [wanted, found] = [count * widthOf(dtype), size - offset];
  if (wanted !== found) {
    const problem = wanted > found ? "is cut short" : "is too long";
    throw damaged(name, `${problem}: ${shape.join(" × ")} values take ${wanted} bytes, not ${found}`, found);
  }
  return {
    shape,
    dtype,
    isLittle: descr![1] !== ">",
    isFortran: order[1] === "True" && shape.length > 1,
    offset,
    count,
  };
}

function headerOf(bytes: Uint8Array, size: number, name: string): { header: string; offset: number } {
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
  if (offset > size) throw damaged(name, "is cut short: it ends within its header", size);
  return {
    header: Buffer.from(bytes.subarray(start, Math.min(offset, start + MOST_HEADER))).toString("latin1"),
    offset,
  };
}

/** A header of plain numbers is far shorter; what comes after is padding, or a list of records. */
const MOST_HEADER = 4096;

/** So many bytes of a file tell what is in it. */
export const NPY_START: number = MOST_HEADER + 12;

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
