import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { loadImageArrays, loadRowArrays } from "../../src/data/numpy/load.js";
import { parseNpy } from "../../src/data/numpy/npy.js";
import { readNumpy, unpack } from "../../src/data/numpy/read.js";
import { LimbeckError } from "../../src/support/errors.js";
import { temporaryFolder } from "../runs/harness.js";
import { npyOf } from "./numpy.js";

interface Golden {
  readonly cases: readonly { name: string; npy: string; shape: number[]; values: number[] }[];
  readonly refused: Readonly<Record<string, string>>;
  readonly archives: Readonly<Record<"stored" | "deflated", string>>;
  readonly images: number[];
  readonly labels: number[];
}

const golden: Golden = JSON.parse(readFileSync(new URL("../golden/numpy.json", import.meta.url), "utf8"));
const bytesOf = (text: string) => Buffer.from(text, "base64");

/** A function's typed error; anything else that it throws, or nothing, is a failure. */
function errorOf(work: () => unknown): LimbeckError {
  try {
    work();
  } catch (error) {
    if (error instanceof LimbeckError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("an array that NumPy has written", () => {
  it.each(golden.cases)("is read: $name", ({ npy, shape, values }) => {
    const array = parseNpy(bytesOf(npy), "a.npy");
    expect(array.shape).toEqual(shape);
    expect(Array.from(array.data)).toEqual(values);
  });

  it.each(Object.entries(golden.refused))("of %s is refused", (_, npy) => {
    expect(() => parseNpy(bytesOf(npy), "a.npy")).toThrow("only plain numbers can be read");
  });

  it("must be whole", () => {
    const bytes = bytesOf(golden.cases[0]!.npy);
    expect(errorOf(() => parseNpy(bytes.subarray(0, -1), "a.npy")).message).toContain("a.npy is cut short");
    expect(errorOf(() => parseNpy(Buffer.concat([bytes, bytes]), "a.npy")).message).toContain("is too long");
    expect(errorOf(() => parseNpy(Buffer.from("a,b\n1,2"), "a.npy")).message).toContain("is not NumPy's");
    const huge = npyOf([1e9, 1e9, 1e9], new Uint8Array(4));
    expect(errorOf(() => parseNpy(huge, "a.npy")).code).toBe("DATA_CORRUPT");
  });
});

/** Cuts and changes bytes. */
const damage = fc.record({
  length: fc.double({ min: 0, max: 1, noNaN: true }),
  changes: fc.array(fc.tuple(fc.nat(2 ** 20), fc.nat(255)), { maxLength: 6 }),
});

function damaged(whole: Buffer, { length, changes }: { length: number; changes: [number, number][] }): Buffer {
  const bytes = Buffer.from(whole.subarray(0, Math.ceil(length * whole.length)));
  for (const [place, value] of changes) if (bytes.length > 0) bytes[place % bytes.length] = value;
  return bytes;
}

/** Either it works, or what is thrown is typed. */
function reads(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof LimbeckError)) throw error;
  }
}

describe("whatever a file holds", () => {
  it("an array is read or refused", () => {
    const wholes = golden.cases.map(({ npy }) => bytesOf(npy));
    fc.assert(
      fc.property(fc.constantFrom(...wholes), damage, (whole, how) => {
        reads(() => parseNpy(damaged(whole, how), "a.npy"));
      }),
      { numRuns: 500 },
    );
    const header = fc.string({ unit: fc.constantFrom(..."'descrfotanhp_: {}()<|u148,\n"), maxLength: 80 });
    fc.assert(
      fc.property(header, (text) => {
        const start = Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, text.length, 0]);
        reads(() => parseNpy(Buffer.concat([start, Buffer.from(text)]), "a.npy"));
      }),
      { numRuns: 300 },
    );
  });

  it("an archive is read or refused", () => {
    const wholes = Object.values(golden.archives).map(bytesOf);
    fc.assert(
      fc.property(fc.constantFrom(...wholes), damage, (whole, how) => {
        reads(() => parseNpy(unpack(damaged(whole, how), "a.npz", "x_train"), "a.npz#x_train"));
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => reads(() => unpack(bytes, "a.npz", undefined))),
    );
  });
});

describe("an archive", () => {
  const folder = temporaryFolder();
  const put = (name: string, bytes: Uint8Array) => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };

  it.each(["stored", "deflated"] as const)("that is %s has arrays by name", (how) => {
    const path = put(`${how}.npz`, bytesOf(golden.archives[how]));
    expect(Array.from(readNumpy(`${path}#y_train`).data)).toEqual(golden.labels);
    const { shape, data } = readNumpy(`${path}#x_train`);
    expect([shape, Array.from(data)]).toEqual([[6, 5, 4], golden.images]);
  });

  it("says which arrays it has", () => {
    const path = put("two.npz", bytesOf(golden.archives.stored));
    const none = errorOf(() => readNumpy(path));
    expect([none.code, none.message]).toEqual([
      "RECIPE_INVALID",
      `${path} has 2 arrays, and none is named; it has x_train, y_train`,
    ]);
    expect(errorOf(() => readNumpy(`${path}#x_tran`)).fix).toBe("Did you mean x_train?");
    const one = put("one.npz", zipSync({ "only.npy": npyOf([2], Uint8Array.of(4, 5)) }));
    expect([...readNumpy(one).data]).toEqual([4, 5]);
  });

  it("is refused at once where it is shorter than any", () => {
    expect(errorOf(() => unpack(Buffer.from("PK\x03\x04"), "a.npz", undefined)).message).toContain("cut short");
  });

  it("may not announce more than it can hold", () => {
    const bomb = Buffer.from(zipSync({ "x.npy": npyOf([1000], new Uint8Array(1000)) }));
    const size = bomb.indexOf(Buffer.from("PK\x01\x02")) + 24;
    bomb.writeUInt32LE(1_900_000_000, size);
    expect(errorOf(() => unpack(bomb, "a.npz", "x")).message).toContain("announces 1900000000 bytes");
  });

  it("with paths for names writes nothing, and is found by them only", () => {
    const path = put("paths.npz", zipSync({ "../../out.npy": npyOf([1], Uint8Array.of(9)) }));
    expect([...readNumpy(`${path}#../../out`).data]).toEqual([9]);
  });
});

describe("images and rows", () => {
  const folder = temporaryFolder();
  const put = (name: string, shape: readonly number[], values: readonly number[] | Uint8Array) => {
    const data = values instanceof Uint8Array ? values : Float64Array.from(values);
    writeFileSync(join(folder, name), npyOf(shape, data));
    return join(folder, name);
  };
  const labels = put("labels.npy", [2], [0, 1]);
  const count = Uint8Array.from({ length: 24 }, (_, i) => i);

  it("may have channels first, last, or none", () => {
    const gray = loadImageArrays({ images: put("gray.npy", [2, 3, 4], count), labels });
    expect([gray.channels, gray.height, gray.width, [...gray.pixels]]).toEqual([1, 3, 4, [...count]]);
    const first = loadImageArrays({ images: put("first.npy", [2, 3, 2, 2], count), labels });
    expect([first.channels, first.height, first.width, [...first.pixels]]).toEqual([3, 2, 2, [...count]]);
    const last = loadImageArrays({ images: put("last.npy", [2, 2, 2, 3], count), labels });
    expect([last.channels, last.height, last.width]).toEqual([3, 2, 2]);
    expect([...last.pixels.slice(0, 12)]).toEqual([0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]);
    const both = put("both.npy", [2, 3, 4, 1], count);
    expect(errorOf(() => loadImageArrays({ images: both, labels })).where).toBe("data.source.layout");
    expect(loadImageArrays({ images: both, labels, layout: "nchw" })).toMatchObject({
      channels: 3,
      height: 4,
      width: 1,
    });
  });

  it("are refused where they are of another kind", () => {
    const values = put("values.npy", [2, 3], [1, 2, 3, 4, 5, 6]);
    expect(errorOf(() => loadImageArrays({ images: values, labels })).fix).toContain("astype(numpy.uint8)");
    expect(errorOf(() => loadRowArrays({ rows: labels, labels })).message).toContain("not rows [N, columns]");
    const empty = put("empty.npy", [0, 3, 4], new Uint8Array());
    expect(errorOf(() => loadImageArrays({ images: empty, labels })).message).toContain("holds no images");
    const strange = put("strange.npy", [2, 2], [1, 2, Number.NaN, 3]);
    expect(errorOf(() => loadRowArrays({ rows: strange, labels })).message).toContain("has NaN in row 1, column 1");
  });

  it("have a label each, which is a class", () => {
    const rows = put("rows.npy", [2, 3], [1, 2, 3, 4, 5, 6]);
    const found = loadRowArrays({ rows, labels: put("column.npy", [2, 1], [0, 2]) });
    expect(found).toMatchObject({ size: 2, channels: 3, height: 1, width: 1, columns: ["1", "2", "3"] });
    expect([found.classes, [...found.labels], [...found.pixels]]).toEqual([
      ["0", "1", "2"],
      [0, 2],
      [1, 2, 3, 4, 5, 6],
    ]);
    const wrong = (name: string, shape: number[], values: number[], classes?: string[]) =>
      errorOf(() => loadRowArrays({ rows, labels: put(name, shape, values), ...(classes ? { classes } : {}) })).message;
    expect(wrong("few.npy", [1], [0])).toContain("has labels [1]");
    expect(wrong("half.npy", [2], [0, 0.5])).toContain("gives sample 1 the label 0.5");
    expect(wrong("large.npy", [2], [0, 256])).toContain("no whole number from 0 to 255");
    expect(wrong("more.npy", [2], [0, 2], ["a", "b"])).toContain("no whole number from 0 to 1");
  });
});
