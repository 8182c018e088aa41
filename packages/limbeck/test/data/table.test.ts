import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadTable } from "../../src/data/table/load.js";
import { parseTable } from "../../src/data/table/parse.js";
import { temporaryFolder } from "../runs/harness.js";

function load(text: string, options: Partial<Parameters<typeof loadTable>[1]> = {}) {
  const path = join(temporaryFolder(), "rows.csv");
  writeFileSync(path, text);
  return loadTable(path, { header: true, label: "kind", columns: undefined, classes: undefined, ...options });
}

describe("a table", () => {
  it.each([",", ";", "\t", " "])("is read with %j between its cells", (separator) => {
    const text = "﻿a,b,kind\n1,2.5,x\r\n-3e2,4,y\n\n".replaceAll(",", separator);
    const { pixels, labels, classes, columns, channels, size } = load(text);
    expect([...pixels]).toEqual([1, 2.5, -300, 4]);
    expect([[...labels], classes, columns]).toEqual([
      [0, 1],
      ["x", "y"],
      ["a", "b"],
    ]);
    expect([channels, size]).toEqual([2, 2]);
  });

  it("has columns in the order that a recipe names, and classes in order", () => {
    const { pixels, classes, labels } = load("a,b,kind\n1,2,10\n3,4,9\n", { columns: ["b", "a"] });
    expect([...pixels]).toEqual([2, 1, 4, 3]);
    expect([classes, [...labels]]).toEqual([
      ["9", "10"],
      [1, 0],
    ]);
  });

  it("without a header has numbered columns", () => {
    expect(load("1 2 x\n3 4 y", { header: false, label: "3" }).columns).toEqual(["1", "2"]);
  });

  it("gives back any cells that were quoted", () => {
    const cell = fc.string().map((text) => `c${text.replaceAll("\r", "")}`);
    const rows = fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(rows, (cells) => {
        const lines = cells.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`).join(","));
        expect(parseTable(["a,b,c", ...lines].join("\n"), "t.csv", true).rows).toEqual(cells);
      }),
    );
  });

  it.each([
    ["a,kind\n1,x\n2\n", "DATA_CORRUPT", /rows\.csv:3 has 1 cells, and the first line has 2/],
    ["a,kind\n1,x\n,y\n", "DATA_CORRUPT", /rows\.csv:3 column "a": nothing is not a number/],
    ["a,kind\n1,x\nL,y\n", "DATA_CORRUPT", /rows\.csv:3 column "a": "L" is not a number/],
    ["a,kind\n1,x\n1e39,y\n", "DATA_CORRUPT", /"1e39" is not a number/],
    ['a,kind\n"1,x\n', "DATA_CORRUPT", /rows\.csv:2 has a quotation mark that is not closed/],
    ["a,kind\n", "DATA_CORRUPT", /holds no rows/],
    ["", "DATA_CORRUPT", /holds no rows/],
    ["a,kind\n1,x\n2,x\n", "DATA_CORRUPT", /has 1 classes/],
    ["a,kin\n1,x\n2,y\n", "RECIPE_INVALID", /has no column "kind"/],
    ["a,a,kind\n1,1,x\n2,2,y\n", "RECIPE_INVALID", /has several columns "a"/],
  ])("%j is refused", (text, code, message) => {
    expect(() => load(text)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });

  it("with a class that is not in the list is refused, with its line", () => {
    const options = { classes: ["x", "y"] };
    expect(() => load('a,kind\n1,x\n2,"z\n"\n3,w', options)).toThrow(
      /rows\.csv:3 column "kind": "z\\n" is not a class/,
    );
  });

  it("that is not there is missing", () => {
    expect(() =>
      loadTable("/nowhere/rows.csv", { header: true, label: "a", columns: undefined, classes: undefined }),
    ).toThrow(expect.objectContaining({ code: "FILE_MISSING" }));
  });
});
