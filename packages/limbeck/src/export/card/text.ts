/** Text of others in a line or a cell of Markdown: no markup, no line breaks. */
export function inline(text: string): string {
  return text.replace(/\s+/g, " ").replace(/[\\`*_{}[\]<>|#]/g, "\\$&");
}

/** The last part of a path: where files lie on the machine that trained is nobody else's business. */
export function withoutFolder(path: string): string {
  return path.split(/[\\/]/).at(-1) ?? path;
}

/** A table of Markdown. @param left how many columns are lined up to the left; the others go to the right */
export function table(head: readonly string[], rows: readonly (readonly string[])[], left = 1): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, column) => (column < left ? "---" : "---:"));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}
