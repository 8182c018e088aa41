import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { localFile } from "../../src/data/data-file.js";
import { delimited } from "../../src/data/table/formats/delimited.js";
import { formatOf } from "../../src/data/table/formats/index.js";
import { LimbeckError } from "../../src/support/errors.js";
import { errorOf, temporaryFolder } from "./helpers.js";
import { loadContent, loadPaths } from "./tables.js";

type Options = Parameters<typeof loadContent>[2];
const load = (text: string, options?: Options) => loadContent("rows.csv", text, options);

/** Cells of all rows of a text file. */
async function cellsOf(path: string): Promise<(readonly unknown[])[]> {
  const table = await delimited.open(await localFile(path).open(), { header: true });
  const found: (readonly unknown[])[] = [];
  for await (const rows of table.rows(table.columns, Number.POSITIVE_INFINITY)) {
    found.push(...rows.map(({ cells }) => cells));
  }
  return found;
}

describe("a table", () => {
  it.each([",", ";", "\t", " "])("is read with %j between its cells", async (separator) => {
    const text = "﻿a,b,kind\n1,2.5,x\r\n-3e2,4,y\n\n".replaceAll(",", separator);
    const { pixels, labels, classes, columns, channels, size } = await load(text);
    expect([...pixels]).toEqual([1, 2.5, -300, 4]);
    expect([[...labels], classes, columns]).toEqual([
      [0, 1],
      ["x", "y"],
      ["a", "b"],
    ]);
    expect([channels, size]).toEqual([2, 2]);
  });

  it("has columns in the order that a recipe names, and classes in order", async () => {
    const { pixels, classes, labels } = await load("a,b,kind\n1,2,10\n3,4,9\n", { columns: ["b", "a"] });
    expect([...pixels]).toEqual([2, 1, 4, 3]);
    expect([classes, [...labels]]).toEqual([
      ["9", "10"],
      [1, 0],
    ]);
  });

  it("without a header has numbered columns", async () => {
    expect((await load("1 2 x\n3   4 y", { header: false, label: "3" })).columns).toEqual(["1", "2"]);
  });

  it("of tabs alone has commas in its cells", async () => {
    const { classes } = await loadContent("rows.tsv", 'a\tkind\n1\t"x, y, z"\n2\tu,v\n');
    expect(classes).toEqual(["u,v", "x, y, z"]);
  });

  it("may be packed by gzip", async () => {
    const { pixels } = await loadContent("rows.csv.gz", gzipSync("a,kind\n1,x\n2,y\n"));
    expect([...pixels]).toEqual([1, 2]);
  });

  it("may be several files, whose rows follow on each other", async () => {
    const folder = temporaryFolder();
    const [one, two] = [join(folder, "1.csv"), join(folder, "2.jsonl")];
    writeFileSync(one, "a,kind\n1,x\n2,y\n");
    writeFileSync(two, '{"kind": "z", "a": 3}\n{"kind": "x", "a": 4, "more": 1}\n');
    const { pixels, labels, classes } = await loadPaths([one, two]);
    expect([[...pixels], [...labels], classes]).toEqual([
      [1, 2, 3, 4],
      [0, 1, 2, 0],
      ["x", "y", "z"],
    ]);
    expect([...(await loadPaths([one, two], { rows: 3 })).pixels]).toEqual([1, 2, 3]);
    expect([...(await loadPaths([one, two], { rows: 2 })).pixels]).toEqual([1, 2]);
  });

  it("gives back any cells that were quoted", async () => {
    const cell = fc.string().map((text) => `c${text.replaceAll("\r", "")}`.trimEnd());
    const rows = fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 5 });
    const path = join(temporaryFolder(), "t.csv");
    await fc.assert(
      fc.asyncProperty(rows, async (cells) => {
        const lines = cells.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(","));
        writeFileSync(path, ["a,b,c", ...lines].join("\n"));
        expect(await cellsOf(path)).toEqual(cells);
      }),
    );
  });

  it("that is anything is read or refused, with its place", async () => {
    const bit = fc.constantFrom("a", "kind", "1", "x", ",", ";", "\t", " ", '"', "\n", "\r\n", "\0", "﻿", "{", "}", ":");
    const text = fc.oneof(
      fc.array(bit, { maxLength: 40 }).map((parts) => `a,kind\n1,x\n2,y\n${parts.join("")}`),
      fc.string(),
    );
    const folder = temporaryFolder();
    await fc.assert(
      fc.asyncProperty(text, fc.constantFrom("t.csv", "t.tsv", "t.jsonl", "t.csv.gz"), async (content, name) => {
        writeFileSync(join(folder, name), content);
        const result = await loadPaths([join(folder, name)]).catch((error: unknown) => error);
        if (result instanceof Error) {
          expect(result).toBeInstanceOf(LimbeckError);
          expect((result as LimbeckError).message).toContain(name);
        }
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ["a,kind\n1,x\n2\n", "DATA_CORRUPT", /rows\.csv:3 has 1 cells, and the first line has 2/],
    ["a,kind\n1,x\n,y\n", "DATA_CORRUPT", /rows\.csv:3 column "a": nothing is not a number/],
    ["a,kind\n1,x\nL,y\n", "DATA_CORRUPT", /rows\.csv:3 column "a": "L" is not a number/],
    ["a,kind\n1,x\n1e39,y\n", "DATA_CORRUPT", /"1e39" is not a number/],
    ['a,kind\n"1,x\n2,y\n', "DATA_CORRUPT", /rows\.csv:2 has a quotation mark that is not closed/],
    ['a,kind\n1,x\n"1"2,x\n', "DATA_CORRUPT", /rows\.csv:3 has text after a closed quotation mark/],
    ['a,kind\n1,x\n2,5" pipe\n', "DATA_CORRUPT", /rows\.csv:3 has a quotation mark within a cell/],
    ["a,kind\n", "DATA_CORRUPT", /holds no rows/],
    ["", "DATA_CORRUPT", /holds no rows/],
    ["a,kind\n1,x\n2,x\n", "DATA_CORRUPT", /has 1 classes/],
    ["a,kin\n1,x\n2,y\n", "RECIPE_INVALID", /has no column "kind"/],
    ["a,a,kind\n1,1,x\n2,2,y\n", "RECIPE_INVALID", /has several columns "a"/],
  ])("%j is refused", async (text, code, message) => {
    await expect(load(text)).rejects.toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  it("of more classes than labels can tell apart is refused where they become too many", async () => {
    const lines = Array.from({ length: 300 }, (_, i) => `1,class ${i}`);
    expect((await errorOf(() => load(`a,kind\n${lines.join("\n")}`))).message).toMatch(
      /rows\.csv:258 has more than 256/,
    );
  });

  it("with a class that is not in the list is refused, with its line", async () => {
    const options = { classes: ["x", "y"] };
    await expect(load('a,kind\n1,x\n\n2,"z\n\nz"\n3,w', options)).rejects.toThrow(
      /rows\.csv:4 column "kind": "z\\n\\nz" is not a class/,
    );
  });

  it("that is not there, or a folder, is told", async () => {
    expect((await errorOf(() => loadPaths(["/nowhere/rows.csv"]))).code).toBe("FILE_MISSING");
    const { code, fix } = await errorOf(() => loadPaths([temporaryFolder()]));
    expect([code, fix]).toEqual(["FILE_UNREADABLE", expect.stringContaining("*.csv")]);
  });

  it("that is packed and cut short, or unpacks to far more than any table, is refused", async () => {
    const packed = gzipSync(`a,kind\n${"1,x\n2,y\n".repeat(5000)}`);
    const cut = await errorOf(() => loadContent("rows.csv.gz", packed.subarray(0, -20)));
    expect([cut.code, cut.message]).toEqual(["DATA_CORRUPT", expect.stringContaining("damaged gzip file")]);
    const zeros = gzipSync(Buffer.alloc(5 << 20, "0"));
    const line = await errorOf(() => loadContent("rows.jsonl.gz", zeros));
    expect(line.message).toMatch(/rows\.jsonl\.gz:1 is longer than/);
    const cell = await errorOf(() => loadContent("rows.csv.gz", Buffer.concat([gzipSync('a,kind\n"'), zeros])));
    expect(cell.message).toMatch(/rows\.csv\.gz:2 begins a row of more than/);
    const empty = Buffer.concat(Array.from({ length: 80 }, () => gzipSync(Buffer.alloc(1 << 20, "\n"))));
    expect((await errorOf(() => loadContent("rows.jsonl.gz", empty))).message).toMatch(/unpacks \d+ bytes/);
  });
});

describe("JSON Lines", () => {
  const lines = (text: string, options?: Options) => loadContent("rows.jsonl", text, options);

  it("are read by their keys, whatever their order and values' kinds", async () => {
    const text = '﻿{"kind": 3, "a": "1.5", "b": true}\r\n\n{"b": 4, "kind": 20, "a": -2}\n';
    const { pixels, labels, classes, columns } = await lines(text);
    expect([[...pixels], [...labels], classes, columns]).toEqual([
      [1.5, 1, -2, 4],
      [0, 1],
      ["3", "20"],
      ["a", "b"],
    ]);
  });

  it("give back any numbers", async () => {
    const numbers = fc.array(fc.tuple(fc.float({ noNaN: true, noDefaultInfinity: true }), fc.boolean()), {
      minLength: 2,
    });
    await fc.assert(
      fc.asyncProperty(numbers, async (rows) => {
        const text = rows.map(([a, kind]) => JSON.stringify({ a, kind })).join("\n");
        expect([...(await lines(text, { classes: ["false", "true"] })).pixels]).toEqual(rows.map(([a]) => a + 0));
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['{"a": 1, "kind": "x"}\n{"a": 1, "kind": "y"\n', "DATA_CORRUPT", /rows\.jsonl:2 is not JSON/],
    ['{"a": 1, "kind": "x"}\n[1, 2]\n', "DATA_CORRUPT", /rows\.jsonl:2 is not a JSON object/],
    ['{"a": 1, "kind": "x"}\n\n{"a": 1}\n', "DATA_CORRUPT", /rows\.jsonl:3 has no "kind"/],
    ['{"a": {"b": 1}, "kind": "x"}\n', "DATA_CORRUPT", /rows\.jsonl:1 column "a": a record is not a number/],
    ['{"a": 1, "kind": ["x"]}\n', "DATA_CORRUPT", /rows\.jsonl:1 column "kind": a list is not a class/],
    ['{"a": null, "kind": "x"}\n', "DATA_CORRUPT", /rows\.jsonl:1 column "a": nothing is not a number/],
    ['{"a": 1, "__proto__": "x"}\n', "RECIPE_INVALID", /has no column "kind"/],
    ["\n\n", "DATA_CORRUPT", /holds no rows/],
  ])("%j are refused", async (text, code, message) => {
    await expect(lines(text)).rejects.toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});

it("a file's extension says how it is written", () => {
  const names = ["a.csv", "a.txt", "a", "a.JSONL", "a.ndjson.gz", "a.parquet", "parquet"];
  expect(names.map((name) => formatOf(name).name)).toEqual([
    "cells",
    "cells",
    "cells",
    "JSON Lines",
    "JSON Lines",
    "Parquet",
    "cells",
  ]);
});
