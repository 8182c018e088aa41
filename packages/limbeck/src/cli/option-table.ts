import type { z } from "zod";
import { optionFacts, yamlText } from "../support/option-facts.js";

/** A record's options as a table of a page; nothing where it has none. */
export function optionTable(options: z.ZodObject): string[] {
  const rows = optionFacts(options).map(({ name, takes, default: fallback, description }) => {
    const shown = fallback === undefined ? "" : `\`${yamlText(fallback)}\``;
    return `| \`${name}\` | ${takes.replaceAll("|", "or")} | ${shown} | ${description} |`;
  });
  return rows.length > 0 ? ["| option | takes | default | |", "|---|---|---|---|", ...rows, ""] : [];
}
