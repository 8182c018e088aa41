import { readFileSync } from "node:fs";
import { GRAPH_ERROR_CODES } from "@limbeck/graph";
import { describe, expect, it } from "vitest";
import { methodsPage } from "../packages/limbeck/src/cli/methods-page.js";
import { modelsPage } from "../packages/limbeck/src/cli/models-page.js";
import { schemesPage } from "../packages/limbeck/src/cli/schemes-page.js";
import { AUGMENTATIONS, SOUND_AUGMENTATIONS } from "../packages/limbeck/src/data/augment/index.js";
import { OPERATIONS } from "../packages/limbeck/src/data/augment/operations/index.js";
import { MIXINGS } from "../packages/limbeck/src/data/mix/index.js";
import { RULES } from "../packages/limbeck/src/doctor/rules/index.js";
import { modelCatalog } from "../packages/limbeck/src/models/catalog.js";
import { ERROR_CODES } from "../packages/limbeck/src/support/errors.js";
import { optionFacts, yamlText } from "../packages/limbeck/src/support/option-facts.js";

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

describe("docs/doctor.md", () => {
  it.each(RULES.map((rule) => [rule.name, rule] as const))("has the rule %s with threshold and source", (_, rule) => {
    expect(read("docs/doctor.md")).toContain(`| \`${rule.name}\` | ${rule.when} | ${rule.source} |`);
  });
});

it("docs/schemes.md is up to date (`npm run docs` makes it)", () => {
  expect(read("docs/schemes.md")).toBe(schemesPage());
});

describe("docs/augmentation.md", () => {
  const page = read("docs/augmentation.md");
  it.each(Object.entries({ ...AUGMENTATIONS, ...SOUND_AUGMENTATIONS, ...MIXINGS }))(
    "has %s with its options and defaults",
    (name, record) => {
      const row = page.split("\n").find((line) => line.startsWith(`| \`${name}\` |`));
      for (const option of optionFacts(record.options)) {
        expect(row).toContain(`\`${option.name}: ${yamlText(option.default)}\``);
      }
      expect(read("README.md")).toContain(`\`${name}\``);
    },
  );

  it.each(OPERATIONS)("has the operation $name", ({ name }) => expect(page).toContain(`\`${name}\``));
});

describe("README.md", () => {
  it("names the commands that package.json and CI run", () => {
    const readme = read("README.md");
    expect(readme).toContain("npm ci && npm run build && npx limbeck run recipes/digits.yaml");
    expect(readme).toContain("npm ci && npm test");
    expect(read(".ci/run")).toContain("npm ci && npm test");
  });
});
