import type { z } from "zod";
import { optionFacts, yamlText } from "../support/option-facts.js";
import { bold, wrapText } from "./format.js";

/** A title, and text on a screen of 80 columns. */
export function section(title: string, text: string): string {
  return `${bold(title)}\n${wrapText(text, "  ", "").join("\n")}`;
}

/** Lines behind spaces. */
export function indented(text: string, spaces: string): string {
  return text
    .split("\n")
    .map((line) => `${spaces}${line}`)
    .join("\n");
}

/** The section on a record's options; none where it has none. */
export function optionLines(options: z.ZodObject): string[] {
  const lines = optionFacts(options).map((option) => {
    const fallback = option.default === undefined ? "" : ` (default ${yamlText(option.default)})`;
    return wrapText(`${option.name}: ${option.takes}${fallback}. ${option.description}`, "  ").join("\n");
  });
  return lines.length > 0 ? [`${bold("options")}\n${lines.join("\n")}`] : [];
}
