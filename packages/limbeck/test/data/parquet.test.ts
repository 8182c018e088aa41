import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type DataFile, localFile, type NamedFile } from "../../src/data/data-file.js";
import { parquet } from "../../src/data/table/formats/parquet.js";
import { loadTable } from "../../src/data/table/load.js";
import { LimbeckError } from "../../src/support/errors.js";
import { errorOf, put, temporaryFolder } from "./helpers.js";
import { loadContent, loadPaths, parquetFile } from "./tables.js";

const load = (bytes: Uint8Array, options?: Parameters<typeof loadContent>[2]) =>
  loadContent("rows.parquet", bytes, options);

const KINDS = { name: "kind", data: ["x", "y", "x", "y"], type: "STRING" } as const;
const numbers = (name: string, data: readonly number[]) => ({ name, data: [...data], type: "DOUBLE" as const });

/** 4000 rows in groups of 1000. */
function large() {
  const count = Array.from({ length: 4000 }, (_, i) => i);
  return parquetFile(
    [
      numbers("a", count),
      { name: "text", data: count.map((i) => `some long text that nobody asks for ${i * 7919}`), type: "STRING" },
      { name: "kind", data: count.map((i) => i % 3), type: "INT32" },
    ],
    { rowGroupSize: 1000 },
  );
}

/** A file that notes which of its bytes are read. */
async function watched(bytes: Uint8Array): Promise<{ file: DataFile; named: NamedFile; read(): number }> {
  const file = await localFile(put(join(temporaryFolder(), "rows.parquet"), bytes)).open();
  let sum = 0;
  const slice = (start: number, end = file.byteLength) => {
    sum += end - start;
    return file.slice(start, end);
  };
  const noted = { ...file, slice };
  return { file: noted, named: { name: file.name, open: async () => noted }, read: () => sum };
}

describe("a Parquet file", () => {
  it("has columns of any kind of number, and classes of text", async () => {
    const { pixels, labels, classes, columns } = await load(
      parquetFile([
        numbers("a", [1, 2.5, -3, 4]),
        { name: "b", data: [1n, 2n, 3n, 4n], type: "INT64" },
        { name: "c", data: [true, false, true, false], type: "BOOLEAN" },
        KINDS,
      ]),
    );
    expect([...pixels]).toEqual([1, 1, 1, 2.5, 2, 0, -3, 3, 1, 4, 4, 0]);
    expect([[...labels], classes, columns]).toEqual([
      [0, 1, 0, 1],
      ["x", "y"],
      ["a", "b", "c"],
    ]);
  });

  it("gives back any numbers and texts", async () => {
    const row = fc.tuple(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom("", "x", "ä\n", '"'));
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 50 }),
        fc.integer({ min: 1, max: 20 }),
        async (rows, size) => {
          const bytes = parquetFile(
            [
              { name: "a", data: rows.map(([a]) => a), type: "FLOAT" },
              { name: "kind", data: rows.map(([, kind]) => kind), type: "STRING" },
            ],
            { rowGroupSize: size },
          );
          const classes = ["", "x", "ä\n", '"'];
          const { pixels, labels } = await load(bytes, { classes });
          expect([...pixels]).toEqual(rows.map(([a]) => a));
          expect([...labels].map((label) => classes[label])).toEqual(rows.map(([, kind]) => kind));
        },
      ),
      { numRuns: 40 },
    );
  });

  it("has classes by the names that Hugging Face gives to integers", async () => {
    const features = { kind: { names: ["shirt", "shoe", "hat"], _type: "ClassLabel" } };
    const kvMetadata = [{ key: "huggingface", value: JSON.stringify({ info: { features } }) }];
    const columns = (kinds: bigint[]) => [numbers("a", [1, 2]), { name: "kind", data: kinds, type: "INT64" as const }];
    const { classes, labels } = await load(parquetFile(columns([2n, 0n]), { kvMetadata }));
    expect([classes, [...labels]]).toEqual([
      ["shirt", "shoe", "hat"],
      [2, 0],
    ]);
    const error = await errorOf(() => load(parquetFile(columns([2n, -1n]), { kvMetadata })));
    expect(error.message).toMatch(/rows\.parquet row 2 column "kind": -1 is not a class/);
  });

  it("is read only where the recipe asks for it", async () => {
    const bytes = large();
    const never = new AbortController().signal;
    const options = { header: true, label: "kind", columns: ["a"], classes: undefined };
    const all = await watched(bytes);
    expect((await loadTable([all.named], options, never)).size).toBe(4000);
    const some = await watched(bytes);
    const { size, pixels } = await loadTable([some.named], { ...options, rows: 1500 }, never);
    expect([size, pixels.at(-1)]).toEqual([1500, 1499]);
    expect(some.read()).toBeLessThan(0.7 * all.read());
    const values = await watched(bytes);
    const table = await parquet.open(values.file, { header: true });
    const opened = values.read();
    for await (const rows of table.rows(["a"], 10)) expect(rows.map(({ cells }) => cells[0])).toHaveLength(10);
    expect(values.read() - opened).toBeLessThan(bytes.length / 10);
  });

  it.each([
    ["text", /rows\.parquet row 1 column "text": "some long text.*" is not a number/, ["text"]],
    ["a column that is not there", /has no column "b"/, ["b"]],
  ])("with %s for numbers is refused", async (_, message, columns) => {
    expect((await errorOf(() => load(large(), { columns }))).message).toMatch(message);
  });

  it("with values that are missing, or no numbers, is refused with row and column", async () => {
    const missing = parquetFile([{ name: "a", data: [1, null, 3, 4], type: "DOUBLE" }, KINDS]);
    expect((await errorOf(() => load(missing))).message).toMatch(/row 2 column "a": nothing is not a number/);
    const nan = parquetFile([numbers("a", [1, 2, Number.NaN, 4]), KINDS]);
    expect((await errorOf(() => load(nan))).message).toMatch(/row 3 column "a": NaN is not a number/);
    const nested = parquetFile([
      { name: "a", data: [{ b: 1 }, { b: 2 }], type: "JSON" },
      { ...KINDS, data: ["x", "y"] },
    ]);
    expect((await errorOf(() => load(nested))).message).toMatch(/row 1 column "a": a record is not a number/);
  });

  it("that is cut short anywhere is refused", async () => {
    const bytes = parquetFile([numbers("a", [1, 2, 3, 4]), KINDS]);
    const folder = temporaryFolder();
    for (let length = 0; length < bytes.length; length += 13) {
      const path = put(join(folder, "cut.parquet"), bytes.subarray(0, length));
      const { code, message } = await errorOf(() => loadPaths([path]));
      expect([code, message]).toEqual(["DATA_CORRUPT", expect.stringContaining("no Parquet file")]);
    }
    const middle = Buffer.concat([bytes.subarray(0, 40), bytes.subarray(90)]);
    expect((await errorOf(() => load(middle))).code).toBe("DATA_CORRUPT");
    expect((await errorOf(() => loadContent("rows.parquet.gz", gzipSync(bytes)))).message).toMatch(/no Parquet file/);
  });

  it("that is damaged is read or refused, and nothing else", async () => {
    const whole = Buffer.from(large().subarray(0));
    const small = Buffer.from(parquetFile([numbers("a", [1, 2, 3, 4]), KINDS]));
    const path = join(temporaryFolder(), "damaged.parquet");
    const change = fc.tuple(fc.double({ min: 0, max: 0.9999, noNaN: true }), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(change, { minLength: 1, maxLength: 4 }), async (isSmall, changes) => {
        const bytes = Buffer.from(isSmall ? small : whole);
        for (const [place, value] of changes) bytes[Math.floor(place * bytes.length)] = value;
        writeFileSync(path, bytes);
        const result = await loadPaths([path], { columns: ["a"] }).catch((error: unknown) => error);
        if (result instanceof Error) expect(result).toBeInstanceOf(LimbeckError);
      }),
      { numRuns: 150 },
    );
  });
});
