import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { wholeSplit } from "../../src/data/dataset.js";
import { splitByGroups } from "../../src/data/split.js";
import type { TableOptions } from "../../src/data/table/options.js";
import { cutWindows } from "../../src/data/table/windows.js";
import { problemOf } from "../recipe/problem-of.js";
import { temporaryFolder } from "../runs/harness.js";
import { loadPaths } from "./tables.js";

const WINDOW = { length: 3, step: 2, group: "machine" };

/** Machines a (6 rows), b (2) and c (4); heat counts on. */
function load(options: Partial<TableOptions> = {}) {
  const path = join(temporaryFolder(), "machines.csv");
  const rows = [..."aaaaaabbcccc"].map((machine, i) => `${machine},${i},${100 + i},${i % 2 ? "odd" : "even"}`);
  writeFileSync(path, ["machine,heat,load,state", ...rows].join("\n"));
  return loadPaths([path], { label: "state", window: WINDOW, ...options });
}

describe("windows of a table", () => {
  it("end where their group does, and step back from there", () => {
    const { ends, groups, left } = cutWindows([..."aaaaaabbcccc"], WINDOW);
    expect([...ends]).toEqual([3, 5, 11]);
    expect([...groups]).toEqual([0, 0, 2]);
    expect([...left]).toEqual([2, 0, 0]);
  });

  it("have a channel for each column, without group and label, and times across", async () => {
    const { pixels, channels, height, width, columns, size } = await load();
    expect([channels, height, width, size, columns]).toEqual([2, 1, 3, 3, ["heat", "load"]]);
    expect([...pixels.subarray(0, 6)]).toEqual([1, 2, 3, 101, 102, 103]);
    expect([...pixels.subarray(12)]).toEqual([9, 10, 11, 109, 110, 111]);
  });

  it("are of their last row's class, or of that of what remains", async () => {
    expect([...(await load()).labels]).toEqual([1, 1, 1]);
    const { labels, classes } = await load({ label: { remaining: [0, 1] }, columns: ["heat"] });
    expect([...labels]).toEqual([2, 0, 0]);
    expect(classes).toEqual(["at most 0", "1 to 1", "more than 1"]);
  });

  it("that no group is long enough for are refused", async () => {
    await expect(load({ window: { ...WINDOW, length: 7 } })).rejects.toThrow(
      expect.objectContaining({ code: "DATA_TOO_SMALL", where: "data.source.window.length" }),
    );
  });

  it("are held out by whole groups", async () => {
    const path = join(temporaryFolder(), "many.csv");
    const rows = Array.from({ length: 200 }, (_, i) => `m${Math.floor(i / 10)},${i},${i % 3}`);
    writeFileSync(path, ["machine,heat,kind", ...rows].join("\n"));
    const whole = wholeSplit(await loadPaths([path], { window: WINDOW }));
    const { held, rest } = splitByGroups(whole, 17, 3);
    const groupsOf = (indices: Uint32Array) => new Set(Array.from(indices, (i) => whole.dataset.groups![i]));
    expect(held.indices.length).toBe(20);
    expect(held.indices.length + rest.indices.length).toBe(whole.indices.length);
    expect([...groupsOf(held.indices)].filter((group) => groupsOf(rest.indices).has(group))).toEqual([]);
    expect(splitByGroups(whole, 17, 3).held.indices).toEqual(held.indices);
    expect(splitByGroups(whole, 17, 4).held.indices).not.toEqual(held.indices);
    expect(() => splitByGroups(whole, 80, 3)).toThrow(expect.objectContaining({ code: "DATA_TOO_SMALL" }));
  });

  it.each([
    ["label: { remaining: [30] }", "label.remaining what remains is known of windows; add window"],
    ["label: { remaining: [30, 30] }, window: { length: 3, group: 1 }", "label.remaining bounds must rise"],
    [
      "label: { remaining: [30] }, classes: [a, b, c], window: { length: 3, group: 1 }",
      "these bounds make 2 classes, and",
    ],
    ["label: a, window: { length: 1, group: 1 }", "window.length"],
    ["label: a, window: { length: 3 }", "window.group"],
  ])("%s is refused by line and column", (source, message) => {
    const problem = problemOf(
      `name: w\ndata: { source: { table: a.csv, ${source} }, test: 5 }\nscheme: mutual\nstudent: { model: { family: mlp, hidden: [4] }, train: { epochs: 1 } }`,
    );
    expect(problem).toContain(message);
    expect(problem).toMatch(/^2:\d+ data\.source/m);
  });
});
