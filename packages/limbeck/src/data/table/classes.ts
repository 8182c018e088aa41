import { LimbeckError } from "../../support/errors.js";
import { MOST_CLASSES } from "../dataset.js";
import { shown } from "./cells.js";
import { corrupt } from "./formats/format.js";
import { Terms } from "./growing.js";

/** Gathers the classes of samples as they come. */
export class Labelling {
  readonly #found = new Terms();
  readonly #known: readonly string[] | undefined;

  /** @param known the classes, in order; by default what comes, sorted */
  constructor(known: readonly string[] | undefined) {
    this.#known = known;
  }

  /** @throws LimbeckError DATA_CORRUPT where the class is not known, or there are too many */
  push(name: string, where: string, column: string): void {
    if (this.#known && !this.#known.includes(name)) {
      throw corrupt(where, `column ${JSON.stringify(column)}: ${shown(name)} is not a class`, name);
    }
    this.#found.push(name);
    if (this.#found.count > MOST_CLASSES) throw wrongCount(where, `more than ${MOST_CLASSES}`, this.#found.count);
  }

  /** @param where what the samples are from @throws LimbeckError DATA_CORRUPT where there are fewer than two classes */
  finish(where: string): { readonly classes: readonly string[]; readonly labels: Uint8Array } {
    const { names, places, count } = this.#found;
    const classes = this.#known ?? sorted(names);
    if (classes.length < 2) throw wrongCount(where, String(count), count);
    const labelOf = names.map((name) => classes.indexOf(name));
    return { classes, labels: Uint8Array.from(places, (place) => labelOf[place]!) };
  }
}

/** Numbers by size, else by code unit. */
function sorted(names: readonly string[]): string[] {
  const areNumbers = names.every((name) => name !== "" && Number.isFinite(Number(name)));
  return areNumbers ? [...names].sort((a, b) => Number(a) - Number(b)) : [...names].sort();
}

function wrongCount(where: string, count: string, value: number): LimbeckError {
  return new LimbeckError("DATA_CORRUPT", `${where} has ${count} classes; there must be 2 to ${MOST_CLASSES}`, {
    where,
    value,
    fix: "Name a column of classes as data.source.label.",
  });
}
