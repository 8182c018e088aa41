import { readFileSync } from "node:fs";
import { GRAPH_ERROR_CODES } from "@limbeck/graph";
import { describe, expect, it } from "vitest";
import { methodsPage } from "../packages/limbeck/src/cli/methods-page.js";
import { modelsPage } from "../packages/limbeck/src/cli/models-page.js";
import { modelCatalog } from "../packages/limbeck/src/models/catalog.js";
import { ERROR_CODES } from "../packages/limbeck/src/support/errors.js";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

describe("docs/errors.md", () => {
  it.each(Object.entries({ ...ERROR_CODES, ...GRAPH_ERROR_CODES }))("has %s with its meaning", (code, meaning) => {
    expect(read("docs/errors.md")).toContain(`| \`${code}\` | ${meaning} |`);
  });
});

describe("docs/methods.md", () => {
  it("is up to date (`npm run docs` makes it)", () => {
    expect(read("docs/methods.md")).toBe(methodsPage());
  });
});

it("docs/models.md is up to date (`npm run docs` makes it)", () => {
  expect(read("docs/models.md")).toBe(modelsPage(modelCatalog()));
});

describe("README.md", () => {
  it("names the commands that package.json and CI run", () => {
    const readme = read("README.md");
    expect(readme).toContain("npm ci && npm run build && npx limbeck run recipes/digits.yaml");
    expect(readme).toContain("npm ci && npm test");
    expect(read(".ci/run")).toContain("npm ci && npm test");
  });
});
