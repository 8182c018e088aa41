/** Whether a name fits a pattern: `*` stands for any characters, dots and slashes included, `?` for one. */
export function matchesGlob(name: string, pattern: string): boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`, "s").test(name);
}

/** The names that fit at least one of the patterns, in their order. */
export function matchingNames(names: Iterable<string>, patterns: string | readonly string[]): string[] {
  const list = typeof patterns === "string" ? [patterns] : patterns;
  return [...names].filter((name) => list.some((pattern) => matchesGlob(name, pattern)));
}
