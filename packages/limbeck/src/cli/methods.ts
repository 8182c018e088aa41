import { losses } from "../losses/index.js";
import { type Loss, mixesSamples } from "../losses/loss.js";
import { type Preset, presets } from "../recipe/presets/index.js";
import { optionFacts, yamlText } from "../support/option-facts.js";
import { bold, formatTable, wrapText } from "./format.js";
import { methodsPage } from "./methods-page.js";
import { recordNamed } from "./named.js";
import { indented, optionLines, section } from "./record-text.js";

export interface MethodsCommand {
  /** Tells of one method instead of listing all. */
  readonly name: string | undefined;
  readonly markdown: boolean;
  readonly json: boolean;
}

/** Prints the losses, or all about one or about a preset. @throws LimbeckError OPTION_INVALID where there is none of that name */
export function showMethods({ name, markdown, json }: MethodsCommand): void {
  const preset = presets.find((known) => known.name === name?.toLowerCase());
  const presetNames = presets.map(({ name }) => name);
  const one = name === undefined || preset ? undefined : recordNamed("method", losses, name, presetNames);
  if (json) {
    const document = preset ?? (one ? methodRecord(one) : losses.map(listed));
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  } else if (markdown) process.stdout.write(methodsPage());
  else process.stdout.write(`${preset ? presetText(preset) : one ? methodText(one) : methodsTable()}\n`);
}

const listed = ({ name, family, needs, source }: Loss) => ({ name, family, needs, source });

function methodRecord(loss: Loss): object {
  const { description, formula, use, weight = 1, schedule = { kind: "constant" }, recipe } = loss;
  const facts = { description, formula, use, weight, schedule, mixes: mixesSamples(loss) };
  return { ...listed(loss), ...facts, options: optionFacts(loss.options), recipe };
}

/** What is left of 80 columns for needs. */
const NEEDS_WIDTH = 41;

/** A loss's row, and further ones for needs that do not fit. */
function tableRows({ name, family, needs }: Loss): string[][] {
  const lines = wrapText(needs.join(", "), "", "", NEEDS_WIDTH);
  return lines.map((line, i) => (i === 0 ? [name, family, line] : ["", "", line]));
}

function methodsTable(): string {
  const rows = losses.flatMap(tableRows);
  const others = `Presets: ${presets.map(({ name }) => name).join(", ")}.`;
  return `${formatTable([["method", "family", "needs"], ...rows], 3)}\n\n${others}\n\nlimbeck methods NAME tells all about one.`;
}

/** All about a preset, on a screen of 80 columns. */
function presetText({ name, description, sets, use, source, recipe }: Preset): string {
  return [
    `${bold(name)}  preset`,
    wrapText(description, "", "").join("\n"),
    section("sets", sets),
    section("when to use it", use),
    section("source", source),
    `${bold("in a recipe")}\n    ${recipe}`,
  ].join("\n\n");
}

/** All about a method, on a screen of 80 columns. */
function methodText(loss: Loss): string {
  const { name, family, description, formula, use, source, needs, weight = 1, schedule, recipe } = loss;
  const term = [`weight ${weight}`, ...(schedule ? [`schedule ${yamlText(schedule)}`] : [])].join(", ");
  const snippet = `  distill:\n${indented(recipe, "    ")}`;
  return [
    `${bold(name)}  ${family}`,
    wrapText(description, "", "").join("\n"),
    section("formula", formula),
    ...optionLines(loss.options),
    section("usual term", term),
    section("needs", needs.join(", ")),
    ...(mixesSamples(loss) ? [] : [section("mixed images", "undefined: not with mixup or cutmix")]),
    section("when to use it", use),
    section("source", source),
    `${bold("in a recipe")}\n${snippet}`,
  ].join("\n\n");
}
