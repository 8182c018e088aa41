import { z } from "zod";
import type { CatalogEntry } from "../models/catalog.js";
import { modelFamilies } from "../models/index.js";
import type { ModelFamily } from "../models/model.js";
import { yamlText } from "../support/option-facts.js";
import { formatCount, formatQuantity } from "./format.js";

const INTRODUCTION = `# Models

Teachers and students that a recipe can name, for example \`model: { family: resnet, depth: 20 }\`. This page is printed by
\`limbeck models --markdown\`; \`limbeck models --input 1x28x28 --classes 10\` shows the same figures for your images, and
\`--json\` prints them for programs.

Parameters are the trainable values of the exported model; running statistics do not count. A MAC is a multiply-accumulate
pair, what many papers call a FLOP; FLOPs count two for each, and all other arithmetic. Both are for one image. Names of
parameters are those of the implementation that each family follows, so that its checkpoints fit.

Every family also takes \`resolution\`, the height and width that images are resized to inside of the model (bilinear, smoothed where
they shrink): the exported file takes the same images as before.

A loss can look at a model's _taps_: the stages' outputs and \`features\`, what the classifier sees.
`;

/** The page docs/models.md. */
export function modelsPage(entries: readonly CatalogEntry[]): string {
  const families = modelFamilies as readonly ModelFamily[];
  return [INTRODUCTION, ...families.map((family) => familySection(family, entries))].join("\n");
}

function familySection({ name, description, source, options }: ModelFamily, entries: readonly CatalogEntry[]): string {
  const members = entries.filter(({ family }) => family === name);
  const rows = members.map((entry) => {
    const { input, classes, parameters, macs, flops } = entry;
    const figures = [formatCount(parameters), formatQuantity(macs), formatQuantity(flops)];
    return `| ${entry.name} | \`${optionsText(entry.options)}\` | ${input.join("×")}, ${classes} | ${figures.join(" | ")} |`;
  });
  return `## ${name}
${description} Source: ${source}.

| option | default | |
|---|---|---|
${optionRows("", z.toJSONSchema(options, { io: "input" }) as OptionSchema).join("\n")}

| member | options | image, classes | parameters | MACs | FLOPs |
|---|---|---|--:|--:|--:|
${rows.join("\n").replaceAll("| `` |", "| |")}
`;
}

/** What is used of the JSON schema of an option. */
interface OptionSchema {
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly (string | number)[];
  readonly properties?: Readonly<Record<string, OptionSchema>>;
  readonly required?: readonly string[];
}

function optionRows(prefix: string, { properties = {}, required = [] }: OptionSchema): string[] {
  return Object.entries(properties).flatMap(([key, schema]) => {
    if (schema.properties) return optionRows(`${prefix}${key}.`, schema);
    const fallback = schema.default === undefined ? "" : `\`${JSON.stringify(schema.default).replaceAll('"', "")}\``;
    const choices = schema.enum ? ` One of ${schema.enum.join(", ")}.` : "";
    const value = required.includes(key) ? "_required_" : fallback;
    return `| \`${prefix}${key}\` | ${value} | ${schema.description ?? ""}${choices} |`;
  });
}

/** Options as a recipe writes them, without the braces. */
function optionsText(options: Readonly<Record<string, unknown>>): string {
  return Object.entries(options)
    .map(([key, value]) => `${key}: ${yamlText(value)}`)
    .join(", ");
}
