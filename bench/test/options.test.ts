import { expect, it } from "vitest";
import { helpText, parseOptions, UsageError } from "../src/options.js";

const ROWS = ["student-mlp", "student-resnet20"];

it("defaults to a table of all rows", () => {
  expect(parseOptions([], ROWS)).toEqual({ json: false, help: false });
});

it("takes one row and JSON", () => {
  expect(parseOptions(["--json", "--only", "student-resnet20"], ROWS)).toEqual({
    json: true,
    help: false,
    only: "student-resnet20",
  });
});

it("lists the rows when the name is unknown", () => {
  expect(() => parseOptions(["--only", "student"], ROWS)).toThrow(/student-mlp\n {2}student-resnet20/);
});

it.each([["--jason"], ["--only"], ["student-mlp"]])("refuses %s", (argument) => {
  expect(() => parseOptions([argument], ROWS)).toThrow(UsageError);
});

it("helps with the names of the rows", () => {
  expect(helpText([{ name: "student-mlp", description: "a step" }])).toContain("  student-mlp: a step");
});
