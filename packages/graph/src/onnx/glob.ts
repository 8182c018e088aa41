import { GraphError } from "../errors.js";

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

/** The names that fit a pattern, of which there must be some. @throws GraphError OPTION_INVALID */
export function fitting(names: Iterable<string>, pattern: string, what: string): string[] {
  const found = matchingNames(names, pattern);
  if (found.length > 0) return found;
  throw new GraphError("OPTION_INVALID", `no ${what} of the model fits ${pattern}`, {
    value: pattern,
    fix: `It has ${[...names].slice(0, 8).join(", ")}, …`,
  });
}
