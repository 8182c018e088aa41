import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { requireFree } from "../../src/runs/folder.js";
import { temporaryFolder } from "./harness.js";

describe("a folder that is there", () => {
  const withFiles = (...names: readonly string[]) => {
    const folder = temporaryFolder();
    for (const name of names) writeFileSync(join(folder, name), "");
    return () => requireFree(folder);
  };

  it.each([
    [[]],
    [["recipe.yaml"]],
    [["recipe.yaml", "run.json.0123456789ab.tmp"]],
    [["search.json", "search.json.0123456789ab.tmp"]],
  ])("is free where it holds the beginning of a run that was killed: %j", (names) => {
    expect(withFiles(...names)).not.toThrow();
  });

  it.each([[["notes.txt"]], [["notes.tmp"]], [["recipe.yaml", "student.onnx"]]])(
    "is not where it holds %j",
    (names) => {
      expect(withFiles(...names)).toThrow(expect.objectContaining({ code: "FILE_EXISTS" }));
    },
  );
});
