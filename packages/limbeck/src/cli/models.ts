import type { ImageGeometry } from "../data/dataset.js";
import { type CatalogEntry, modelCatalog } from "../models/catalog.js";
import { modelFamilies } from "../models/index.js";
import { yamlText } from "../support/option-facts.js";
import { formatCount, formatQuantity, formatTable } from "./format.js";
import { modelsPage } from "./models-page.js";

export interface ModelsCommand {
  /** Images that figures are for; by default those that each member was made for. */
  readonly input: ImageGeometry | undefined;
  readonly classes: number | undefined;
  readonly markdown: boolean;
  readonly json: boolean;
}

/** Prints the models that a recipe can name. */
export function showModels({ input, classes, markdown, json }: ModelsCommand): void {
  const entries = modelCatalog(input, classes);
  if (json) process.stdout.write(`${JSON.stringify(entries, null, 2)}\n`);
  else process.stdout.write(markdown ? modelsPage(entries) : modelsText(entries));
}

function modelsText(entries: readonly CatalogEntry[]): string {
  const rows = entries.map(({ name, family, input, classes, parameters, macs, flops, options }) => [
    name,
    `${input.join("x")}/${classes}`,
    formatCount(parameters),
    formatQuantity(macs),
    formatQuantity(flops),
    yamlText({ family, ...options }),
  ]);
  const known = new Set(entries.map(({ name }) => name));
  const missing = modelFamilies.flatMap(({ members }) => members.map(({ name }) => name)).filter((n) => !known.has(n));
  const header = ["model", "input/classes", "parameters", "MACs", "FLOPs", "in a recipe"];
  return [
    formatTable([header, ...rows], 2, 1),
    ...(missing.length > 0 ? ["", `Not for such images: ${missing.join(", ")}.`] : []),
    "",
  ].join("\n");
}
