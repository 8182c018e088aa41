import { existsSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { acquireLock } from "../../src/runs/lock.js";
import { temporaryFolder } from "./harness.js";

describe("a lock", () => {
  const host = hostname();
  it.each([
    ["of a process that is gone", JSON.stringify({ pid: 999_999_999, began: "", host, token: "x" })],
    ["of an earlier process with this one's number", JSON.stringify({ pid: process.pid, began: "", host, token: "x" })],
    ["of a process whose number another has now", JSON.stringify({ pid: 1, began: "before", host, token: "x" })],
    ["that makes no sense", "???"],
    ["that is empty", ""],
  ])("%s is taken over", async (_, content) => {
    const path = join(temporaryFolder(), ".lock");
    writeFileSync(path, content);
    const release = await acquireLock(path);
    expect(existsSync(path)).toBe(true);
    release();
    expect(existsSync(path)).toBe(false);
  });

  it("that was taken away is not released for somebody else", async () => {
    const path = join(temporaryFolder(), ".lock");
    const release = await acquireLock(path);
    writeFileSync(path, JSON.stringify({ pid: 1, began: "", host: "elsewhere", token: "other" }));
    release();
    expect(existsSync(path)).toBe(true);
  });
});
