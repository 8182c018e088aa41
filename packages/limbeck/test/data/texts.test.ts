import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { localFile } from "../../src/data/data-file.js";
import { PADDING, textBytes } from "../../src/data/texts/encode.js";
import { loadTexts } from "../../src/data/texts/load.js";
import { type TextOptions, textFields } from "../../src/data/texts/options.js";
import { put, temporaryFolder } from "./helpers.js";
import { parquetFile } from "./tables.js";

const DEFAULTS = Object.fromEntries(
  Object.entries(textFields).flatMap(([key, field]) => {
    const parsed = field.safeParse(undefined);
    return parsed.success && parsed.data !== undefined ? [[key, parsed.data]] : [];
  }),
) as unknown as TextOptions;

type Tables = Readonly<Partial<Record<"texts" | "test" | "unlabelled", string | Uint8Array>>>;

/** Writes tables, and reads them. */
function load(tables: Tables, options: Partial<TextOptions> = {}, end = "csv") {
  const folder = temporaryFolder();
  const files = Object.fromEntries(
    Object.entries(tables).map(([name, content]) => [name, [localFile(put(join(folder, `${name}.${end}`), content))]]),
  );
  return loadTexts(files as never, { ...DEFAULTS, ...options }, new AbortController().signal);
}

const written = (values: ArrayLike<number>) =>
  new TextDecoder().decode(Uint8Array.from(Array.from(values).filter((value) => value < PADDING)));

/** Also halves of surrogate pairs. */
const anyText = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units));

describe("a text as models see it", () => {
  const shape = { bytes: 12, lowercase: true };

  it("is its bytes in UTF-8, in small letters and with single spaces, and padding behind", () => {
    expect([...textBytes(" Où\t \n es-tu", shape)]).toEqual([
      ...new TextEncoder().encode("où es-tu"),
      ...[PADDING, PADDING, PADDING],
    ]);
    expect(written(textBytes("AbC", { ...shape, lowercase: false }))).toBe("AbC");
  });

  it("is the same however its accents were typed, and cut off where it is too long", () => {
    expect(textBytes("e\u0301te\u0301", shape)).toEqual(textBytes("\u00e9t\u00e9", shape));
    expect(written(textBytes("abcdefghijklmnop", shape))).toBe("abcdefghijkl");
  });

  it("is always as long as models take, with all padding at the end", () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 40 }), (text, bytes) => {
        const values = textBytes(text, { bytes, lowercase: true });
        expect(values).toHaveLength(bytes);
        const end = values.indexOf(PADDING);
        expect(values.subarray(end < 0 ? bytes : end).every((value) => value === PADDING)).toBe(true);
      }),
    );
  });
});

describe("tables of texts", () => {
  it("have a text and a class in each row, whatever else they have", async () => {
    const { train, test } = await load({
      texts: 'id,text,label\n1,"Where, please,\nis my card?",card\n2,Good morning,hello\n',
      test: "label,text\nhello,Hi\n",
    });
    expect(train).toMatchObject({ size: 2, channels: 1, height: 1, width: 256, classes: ["card", "hello"] });
    expect([...train.labels]).toEqual([0, 1]);
    expect(train.texts).toEqual(["Where, please,\nis my card?", "Good morning"]);
    expect(written(train.pixels.subarray(0, 256) as Float32Array)).toBe("where, please, is my card?");
    expect([...test!.labels]).toEqual([1]);
  });

  it("are read without a line of names, as JSON Lines and as Parquet", async () => {
    const tsv = await load(
      { texts: "ham\tOk lar\nspam\tFree entry\n" },
      { header: false, text: "2", label: "1" },
      "tsv",
    );
    const json = await load(
      { texts: '{"text":"Ok lar","label":"ham"}\n{"text":"Free entry","label":"spam"}\n' },
      {},
      "jsonl",
    );
    const columns = [
      { name: "text", data: ["Ok lar", "Free entry"], type: "STRING" as const },
      { name: "label", data: ["ham", "spam"], type: "STRING" as const },
    ];
    const parquet = await load({ texts: parquetFile(columns) }, {}, "parquet");
    for (const { train } of [tsv, json, parquet]) {
      expect([train.texts, train.classes, [...train.labels]]).toEqual([
        ["Ok lar", "Free entry"],
        ["ham", "spam"],
        [0, 1],
      ]);
    }
  });

  it("may have no classes: their texts stand behind, once each, without those that are known", async () => {
    const { train } = await load({
      texts: "text,label\na,x\nb,y\n",
      test: "text,label\nc,x\n",
      unlabelled: "text\nd\na\nd\nc\ne\n",
    });
    expect(train.texts).toEqual(["a", "b", "d", "e"]);
    expect(train.labelled).toBe(2);
    await expect(load({ texts: "text,label\na,x\nb,y\n", unlabelled: "text\na\n" })).rejects.toMatchObject({
      code: "DATA_CORRUPT",
      where: "data.source.unlabelled",
    });
  });

  it("may be one column of sentences, or lines of a text file", async () => {
    const csv = await load({ texts: "text,label\na,x\nb,y\n", unlabelled: 'text\nfirst one\n"second, one"\n' });
    expect(csv.train.texts!.slice(2)).toEqual(["first one", "second, one"]);
    const folder = temporaryFolder();
    const texts = [localFile(put(join(folder, "texts.csv"), "a,x\nb,y\n"))];
    const unlabelled = [localFile(put(join(folder, "more.txt"), 'A "first" one,\nand another\n'))];
    const options = { ...DEFAULTS, header: false, text: "1", label: "2" };
    const { train } = await loadTexts({ texts, unlabelled }, options, new AbortController().signal);
    expect(train.texts!.slice(2)).toEqual(['A "first" one,', "and another"]);
  });

  it("are read as far as rows says", async () => {
    const { train } = await load({ texts: "text,label\na,x\nb,y\nc,z\n" }, { rows: 2 });
    expect(train.texts).toEqual(["a", "b"]);
  });

  it.each<[string, Tables, Partial<TextOptions>, string, RegExp]>([
    ["a column that is not there", { texts: "txt,label\na,x\n" }, {}, "RECIPE_INVALID", /no column "text"/],
    ["an empty text", { texts: "text,label\na,x\n ,y\n" }, {}, "DATA_CORRUPT", /3.*there is no text/],
    [
      "another class in test",
      { texts: "text,label\na,x\nb,y\n", test: "text,label\nc,z\n" },
      {},
      "DATA_CORRUPT",
      /"z" is not a class/,
    ],
    ["one class only", { texts: "text,label\na,x\n" }, {}, "DATA_CORRUPT", /1 classes/],
    ["no rows", { texts: "text,label\n" }, {}, "DATA_CORRUPT", /holds no/],
    ["broken quotes", { texts: 'text,label\n"a,x\n' }, {}, "DATA_CORRUPT", /quot/i],
    [
      "too many bytes",
      { texts: `text,label\n${"a,x\nb,y\n".repeat(16_000)}` },
      { bytes: 16_384 },
      "RECIPE_INVALID",
      /bytes of memory/,
    ],
  ])("are refused with their place: %s", async (_, tables, options, code, message) => {
    await expect(load(tables, options)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it("leave empty texts out where asked to", async () => {
    const { train } = await load({ texts: "text,label\na,x\n ,y\nb,y\n" }, { empty: "skip" });
    expect([train.texts, [...train.labels]]).toEqual([
      ["a", "b"],
      [0, 1],
    ]);
  });
});
