import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/**
 * Version of an installed package, whether or not it exports its package.json.
 * @param from a module that can import the package
 */
export function packageVersion(name: string, from: string): string {
  let folder = dirname(createRequire(from).resolve(name));
  while (dirname(folder) !== folder) {
    const path = join(folder, "package.json");
    const found = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>) : {};
    if (found.name === name) return String(found.version);
    folder = dirname(folder);
  }
  return "unknown";
}
