import { mkdirSync, symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { filesMatching } from "../../src/data/matching.js";
import { errorOf, put, temporaryFolder } from "./helpers.js";

const never = new AbortController().signal;

async function found(root: string, ...patterns: string[]) {
  const paths = await filesMatching(
    patterns.map((pattern) => join(root, pattern)),
    "data.source.table",
    never,
  );
  return paths.map((path) => relative(root, path));
}

describe("a pattern", () => {
  it("finds files in order, each once, and no hidden ones", async () => {
    const root = temporaryFolder();
    for (const name of ["b.csv", "a.csv", "B.csv", "a.txt", ".c.csv", "deep/er/c.csv", ".git/d.csv"])
      put(join(root, name), "");
    expect(await found(root, "*.csv")).toEqual(["B.csv", "a.csv", "b.csv"]);
    expect(await found(root, "**/*.csv")).toEqual(["B.csv", "a.csv", "b.csv", "deep/er/c.csv"]);
    expect(await found(root, "a.txt", "{a,b}.*")).toEqual(["a.txt", "a.csv", "b.csv"]);
    expect(await found(root, "deep/**")).toEqual(["deep/er/c.csv"]);
  });

  it("with signs that are the name of a file or folder is that", async () => {
    const root = temporaryFolder();
    for (const name of ["[x]/1.csv", "[x]/2.csv", "x/3.csv", "a*.csv", "ab.csv"]) put(join(root, name), "");
    expect(await found(root, "[x]/*.csv")).toEqual(["[x]/1.csv", "[x]/2.csv"]);
    expect(await found(root, "a*.csv")).toEqual(["a*.csv"]);
  });

  it("follows no links to folders, which may be loops", async () => {
    const root = temporaryFolder();
    put(join(root, "in", "a.csv"), "");
    mkdirSync(join(root, "in", "deep"));
    symlinkSync("..", join(root, "in", "deep", "loop"));
    symlinkSync(root, join(root, "in", "up"));
    expect(await found(root, "**/*.csv")).toEqual(["in/a.csv"]);
    symlinkSync(join(root, "in", "a.csv"), join(root, "b.csv"));
    symlinkSync("nowhere", join(root, "c.csv"));
    expect(await found(root, "**/*.csv")).toEqual(["b.csv", "c.csv", "in/a.csv"]);
  });

  it("that matches nothing is an error", async () => {
    const root = temporaryFolder();
    const { code, message, where } = await errorOf(() => found(root, "*.csv"));
    expect([code, where]).toEqual(["FILE_MISSING", "data.source.table"]);
    expect(message).toContain("*.csv matches no file");
    expect((await errorOf(() => found(join(root, "nowhere"), "**"))).code).toBe("FILE_MISSING");
  });

  it("without signs is a path, there or not", async () => {
    expect(await found("/", "nowhere/a.csv")).toEqual(["nowhere/a.csv"]);
  });
});
