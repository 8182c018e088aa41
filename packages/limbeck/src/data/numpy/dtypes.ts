import { fromFloat16 } from "@limbeck/graph";

/** Plain numbers side by side. */
export type Numbers =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

interface Format {
  readonly bytes: number;
  read(view: DataView, count: number, isLittle: boolean): Numbers;
}

/** Fills an array from numbers that stand side by side. */
function filling<Filled extends Numbers>(
  bytes: number,
  create: (count: number) => Filled,
  get: (view: DataView, at: number, isLittle: boolean) => number,
): Format {
  const read = (view: DataView, count: number, isLittle: boolean) => {
    const filled = create(count);
    for (let i = 0; i < count; i++) filled[i] = get(view, i * bytes, isLittle);
    return filled;
  };
  return { bytes, read };
}

const byte: Format = {
  bytes: 1,
  read: (view, count) => new Uint8Array(view.buffer, view.byteOffset, count),
};

const half = filling(
  2,
  (n) => new Uint16Array(n),
  (view, at, little) => view.getUint16(at, little),
);

/** 64-bit integers become doubles: what these cannot hold is of no use as a label or a value. */
const FORMATS = {
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
} as const satisfies Readonly<Record<string, Format>>;

/** Kinds of numbers as NumPy names them, without the order of bytes: a letter and the bytes of each. */
export type Dtype = keyof typeof FORMATS;

/** Whether numbers of this kind can be read. */
export function isDtype(name: string): name is Dtype {
  return Object.hasOwn(FORMATS, name);
}

/** Bytes of a number. */
export function widthOf(dtype: Dtype): number {
  return FORMATS[dtype].bytes;
}

/** @returns bytes as a view of `bytes`, all else as a copy */
export function readNumbers(dtype: Dtype, bytes: Uint8Array, count: number, isLittle: boolean): Numbers {
  return FORMATS[dtype].read(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), count, isLittle);
}
