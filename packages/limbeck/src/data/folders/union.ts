import type { ClassFolders, FileKind } from "./find.js";
import { problem } from "./find.js";

/** Labelled files of several places, each once. */
export class Union {
  /** Files that were passed over. */
  ignored = 0;
  readonly #paths = new Map<string, string[]>();
  readonly #known = new Map<string, { readonly name: string; readonly place: string }>();

  /** Names of the classes, sorted by code unit. */
  get classes(): string[] {
    return [...this.#paths.keys()].sort();
  }

  /** @param place where they were found @throws LimbeckError DATA_CORRUPT where one of them is of another class already */
  add(name: string, paths: readonly string[], place: string): void {
    const own = this.#paths.get(name) ?? [];
    this.#paths.set(name, own);
    for (const path of paths) {
      const known = this.#known.get(path);
      if (known && known.name !== name) {
        const fix = "Name places that do not overlap, or that call a file's class the same.";
        throw problem(path, `is of the class ${known.name} by ${known.place}, and of ${name} by ${place}`, fix);
      }
      if (!known) own.push(path);
      this.#known.set(path, { name, place });
    }
  }

  /** @throws LimbeckError DATA_CORRUPT where a class has no file */
  found(where: string, { noun }: FileKind): ClassFolders {
    const { classes, ignored } = this;
    const parts = classes.map((name) => this.#paths.get(name)!.sort());
    const empty = parts.findIndex((paths) => paths.length === 0);
    if (empty >= 0) {
      const fix = `Remove its folders, or put ${noun}s in one of them.`;
      throw problem(where, `has the class ${classes[empty]} without ${noun}s`, fix);
    }
    const labels = Uint8Array.from(parts.flatMap((paths, label) => paths.map(() => label)));
    return { classes, paths: parts.flat(), labels, ignored };
  }
}
