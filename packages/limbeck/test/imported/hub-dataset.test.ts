import type { ServerResponse } from "node:http";
import { join } from "node:path";
import fc from "fast-check";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { loadTable } from "../../src/data/table/load.js";
import { choose, dataAddress, partOf } from "../../src/imported/data-address.js";
import { atCommit, hubDataCommit, hubDataFiles } from "../../src/imported/hub-dataset.js";
import { errorOf } from "../data/helpers.js";
import { parquetFile } from "../data/tables.js";
import { temporaryFolder } from "../runs/harness.js";
import { dataHub, serve } from "./server.js";

const never = new AbortController().signal;
let cache: string;
beforeEach(() => {
  cache = join(temporaryFolder(), "cache");
  return () => vi.unstubAllEnvs();
});

/** Rows `from` up to `from + count`, in groups of 500. */
function rows(from: number, count: number): Uint8Array {
  const values = Array.from({ length: count }, (_, i) => from + i);
  const text = values.map((i) => `text that nobody asks for ${Math.sin(i)}`);
  return parquetFile(
    [
      { name: "text", data: text, type: "STRING" },
      { name: "a", data: values, type: "DOUBLE" },
      { name: "kind", data: values.map((i) => `k${i % 2}`), type: "STRING" },
    ],
    { rowGroupSize: 500 },
  );
}

/** A hub with one data set, of which each revision has its own files. */
async function hubWith(
  revisions: Readonly<Record<string, Readonly<Record<string, Uint8Array>>>>,
  answer: (response: ServerResponse) => boolean = () => false,
) {
  const names = Object.keys(revisions);
  const commitOf = (name: string) => String(names.indexOf(name) + 1).repeat(40);
  const commits = Object.fromEntries(names.map((name) => [commitOf(name), revisions[name]!]));
  const hub = dataHub("who/set", commits, () => Object.fromEntries(names.map((name) => [name, commitOf(name)])));
  const server = await serve((request, response) => {
    if (!answer(response)) hub(request, response);
  });
  vi.stubEnv("HF_ENDPOINT", server.url);
  return server;
}

async function load(address: string, options: object = {}, isOffline = false) {
  const files = await hubDataFiles(address, { cache, signal: never, isOffline });
  const table = { header: true, label: "kind", columns: ["a"], classes: undefined, ...options };
  return loadTable(files, table, never);
}

const CONVERTED = "refs/convert/parquet";
const shards = { "default/train/0000.parquet": rows(0, 1000), "default/train/0001.parquet": rows(1000, 1000) };

describe("a data set of the hub", () => {
  it("is read in the hub's Parquet, only where the recipe asks for it, and once", async () => {
    const files = { ...shards, "default/test/0000.parquet": rows(5000, 10) };
    const { requests } = await hubWith({ [CONVERTED]: files, main: { "x.csv": new Uint8Array(1) } });
    vi.stubEnv("HF_TOKEN", "hf_secret");
    const { size, pixels, classes } = await load("hf://datasets/who/set", { rows: 600 });
    expect([size, pixels.at(-1), classes]).toEqual([600, 599, ["k0", "k1"]]);
    expect(requests.every(({ authorization }) => authorization === "Bearer hf_secret")).toBe(true);
    expect(requests.some(({ url }) => url.includes("0001"))).toBe(false);
    const bytes = requests.reduce((sum, { range }) => {
      const [, first, last] = /bytes=(\d+)-(\d+)/.exec(range ?? "") ?? [];
      return sum + (first ? Number(last) + 1 - Number(first) : 0);
    }, 0);
    expect(bytes).toBeLessThan(shards["default/train/0000.parquet"].length / 2);
    const asked = requests.length;
    expect((await load("hf://datasets/who/set", { rows: 600 })).size).toBe(600);
    expect(requests.length).toBe(asked + 2);
    expect((await load("hf://datasets/who/set", { rows: 600 }, true)).size).toBe(600);
    expect(requests.length).toBe(asked + 2);
    const { code, message } = await errorOf(() => load("hf://datasets/who/set", {}, true));
    expect([code, message]).toEqual(["DOWNLOAD_FAILED", expect.stringContaining("LIMBECK_OFFLINE")]);
    expect((await load("hf://datasets/who/set/test")).pixels[0]).toBe(5000);
    expect((await load("hf://datasets/who/set")).size).toBe(2000);
  });

  it("is read in its own files where the hub has made none, and at a revision", async () => {
    const own = { "data/train-00000-of-00001.parquet": rows(0, 20), "more/b.csv": Buffer.from("a,kind\n1,x\n2,y\n") };
    await hubWith({ main: own, v2: { "en/train.parquet": rows(7, 10), "de/train.parquet": rows(3, 5) } });
    expect((await load("hf://datasets/who/set/train")).size).toBe(20);
    expect((await load("hf://datasets/who/set/more/b.csv")).classes).toEqual(["x", "y"]);
    expect((await load("hf://datasets/who/set@v2/de")).size).toBe(5);
    expect((await errorOf(() => load("hf://datasets/who/set@v2"))).fix).toBe(
      "Name one: hf://datasets/who/set@v2/de, hf://datasets/who/set@v2/en.",
    );
    expect((await errorOf(() => load("hf://datasets/who/set/valid"))).message).toContain("it has no part valid");
    expect((await errorOf(() => load("hf://datasets/who/set/c.csv"))).fix).toContain("more/b.csv");
  });

  it("has a commit, by whose address it is read for ever, with no question once it is known", async () => {
    const { requests } = await hubWith({ [CONVERTED]: shards, main: { "b.csv": Buffer.from("a,kind\n1,x\n2,y\n") } });
    const options = { cache, signal: never, isOffline: false };
    const commit = await hubDataCommit("hf://datasets/who/set/train", options);
    expect(commit).toBe("1".repeat(40));
    const address = atCommit("hf://datasets/who/set@main/train", commit);
    expect(address).toBe(`hf://datasets/who/set@${commit}/train`);
    const asked = requests.length;
    expect((await load(address, { rows: 5 })).size).toBe(5);
    expect(requests.slice(asked).every(({ range }) => range !== undefined)).toBe(true);
    expect((await load(address, { rows: 5 }, true)).size).toBe(5);
    const file = "hf://datasets/who/set/b.csv";
    expect(await hubDataCommit(file, options)).toBe("2".repeat(40));
    cache = join(temporaryFolder(), "emptied");
    expect((await load(atCommit(file, "2".repeat(40)))).size).toBe(2);
    expect((await errorOf(() => load(atCommit(file, "3".repeat(40))))).message).toContain("no such");
  });

  it("that is not there, is closed, or gives no parts is told", async () => {
    await hubWith({});
    const gone = await errorOf(() => load("hf://datasets/who/set"));
    expect([gone.code, gone.message]).toEqual(["DOWNLOAD_FAILED", expect.stringContaining("no such repository")]);
    await hubWith({}, (response) => Boolean(response.writeHead(401).end("{}")));
    expect((await errorOf(() => load("hf://datasets/who/set"))).message).toContain("HF_TOKEN");
    let calls = 0;
    await hubWith({ [CONVERTED]: shards }, (response) => ++calls > 2 && Boolean(response.writeHead(200).end("whole")));
    expect((await errorOf(() => load("hf://datasets/who/set"))).message).toContain("does not send its part");
    expect((await errorOf(() => load("hf://datasets/who"))).code).toBe("RECIPE_INVALID");
  });

  it("comes whole where a connection is lost in between", async () => {
    let calls = 0;
    await hubWith({ [CONVERTED]: shards }, (response) => {
      calls += 1;
      if (calls !== 4) return false;
      response.destroy();
      return true;
    });
    expect((await load("hf://datasets/who/set", { rows: 10 })).size).toBe(10);
    expect(calls).toBeGreaterThan(4);
  });
});

describe("an address of a data set", () => {
  it("never leads out of the cache", () => {
    const part = fc.constantFrom("..", ".", "a", "", "\\", "%2e%2e", "train", "@main");
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(part).map((parts) => parts.join("/")),
        ),
        (rest) => {
          const { repo, rest: parts } = dataAddress(`hf://datasets/who/set/${rest}`) ?? { repo: "a/b", rest: [] };
          expect([repo, ...parts].join("/").split("/")).not.toContain("..");
        },
      ),
    );
    for (const wrong of ["hf://datasets/a", "hf://datasets/../x", "hf://datasets/a/../b", "hf://datasets/a/b/../c"]) {
      expect(dataAddress(wrong)).toBeUndefined();
    }
  });

  it.each([
    ["default/train/0000.parquet", "default", "train"],
    ["en/partial-train/0003.parquet", "en", "train"],
    ["data/train-00001-of-00002-9cd3a0.parquet", "default", "train"],
    ["en/test-00000-of-00001.parquet", "en", "test"],
    ["train.parquet", "default", "train"],
    ["data/validation.parquet", "default", "validation"],
  ])("%s is of %s, %s", (path, config, split) => {
    expect(partOf(path)).toEqual({ path, config, split });
  });

  it("means the usual part, or says what there is", () => {
    const parts = ["default/train/1.parquet", "default/train/0.parquet", "x/a.parquet", "x/b.parquet"].flatMap(
      (path) => partOf(path) ?? [],
    );
    expect(choose(parts, [])).toEqual({ paths: ["default/train/0.parquet", "default/train/1.parquet"] });
    expect(choose(parts, ["x", "b"])).toEqual({ paths: ["x/b.parquet"] });
    expect(choose(parts, ["x"])).toEqual({ reason: "it has no part train", others: ["x/a", "x/b"] });
    expect(choose(parts, ["y", "a"])).toMatchObject({ others: ["default", "x"] });
    expect(choose(parts, ["default", "train", "more"])).toMatchObject({ others: ["train"] });
    expect(partOf("readme.md")).toBeUndefined();
  });
});
