import { type Scheme, schemes } from "../recipe/schemes/index.js";
import { optionFacts } from "../support/option-facts.js";
import { bold, formatTable, wrapText } from "./format.js";
import { recordNamed } from "./named.js";
import { indented, optionLines, section } from "./record-text.js";
import { needsText, schemesPage } from "./schemes-page.js";

export interface SchemesCommand {
  /** Tells of one scheme instead of listing all. */
  readonly name: string | undefined;
  readonly markdown: boolean;
  readonly json: boolean;
}

/** Prints the schemes, or all about one. @throws LimbeckError OPTION_INVALID where there is none of that name */
export function showSchemes({ name, markdown, json }: SchemesCommand): void {
  const one = name === undefined ? undefined : recordNamed("scheme", schemes, name);
  if (json) {
    const document = one ? schemeRecord(one) : schemes.map(listed);
    process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  } else if (markdown) process.stdout.write(schemesPage());
  else process.stdout.write(`${one ? schemeText(one) : schemesTable()}\n`);
}

const listed = ({ name, description, needs, source }: Scheme) => ({ name, needs, description, source });

function schemeRecord(scheme: Scheme): object {
  const { wiring, use, gives, options, recipe, recorded } = scheme;
  return { ...listed(scheme), wiring, use, gives, options: optionFacts(options), recipe, recorded };
}

/** What is left of 80 columns for descriptions. */
const DESCRIPTION_WIDTH = 54;

function schemesTable(): string {
  const rows = schemes.flatMap(({ name, needs, description }) =>
    wrapText(description, "", "", DESCRIPTION_WIDTH).map((line, i) =>
      i === 0 ? [name, needsText(needs), line] : ["", "", line],
    ),
  );
  return `${formatTable([["scheme", "needs", "what"], ...rows], 3)}\n\nlimbeck schemes NAME tells all about one.`;
}

/** All about a scheme, on a screen of 80 columns. */
function schemeText(scheme: Scheme): string {
  return [
    `${bold(scheme.name)}  scheme`,
    wrapText(scheme.description, "", "").join("\n"),
    section("wiring", scheme.wiring),
    ...optionLines(scheme.options),
    section("needs", needsText(scheme.needs)),
    section("its terms may need", scheme.gives.join(", ")),
    section("when to use it", scheme.use),
    section("source", scheme.source),
    `${bold("in a recipe")}\n${indented(scheme.recipe, "  ")}`,
    section("recorded", scheme.recorded),
  ].join("\n\n");
}
