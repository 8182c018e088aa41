import { LimbeckError } from "../../support/errors.js";

/** Values of all rows take at most so many bytes of memory. */
const MOST_BYTES = 2_000_000_000;

/** Numbers of which nobody knows how many will come. */
export class GrowingValues {
  #values = new Float32Array(1024);
  #length = 0;

  /** @throws LimbeckError RECIPE_INVALID where all would take more than {@link MOST_BYTES} */
  push(value: number): void {
    if (this.#length === this.#values.length) this.#grow();
    this.#values[this.#length++] = value;
  }

  get values(): Float32Array {
    return this.#values.subarray(0, this.#length);
  }

  #grow(): void {
    const most = MOST_BYTES / 4;
    if (this.#length >= most) {
      throw new LimbeckError("RECIPE_INVALID", `the rows take more than ${MOST_BYTES} bytes of memory`, {
        where: "data.source.rows",
        value: MOST_BYTES,
        fix: "Set data.source.rows, so that only the first ones are read, or name fewer columns.",
      });
    }
    const larger = new Float32Array(Math.min(most, 2 * this.#length));
    larger.set(this.#values);
    this.#values = larger;
  }
}

/** Texts of which few differ, such as classes: each by its number, in order of appearance. */
export class Terms {
  readonly #known = new Map<string, number>();
  readonly #places: number[] = [];

  push(text: string): void {
    let place = this.#known.get(text);
    if (place === undefined) {
      place = this.#known.size;
      this.#known.set(text, place);
    }
    this.#places.push(place);
  }

  get names(): string[] {
    return [...this.#known.keys()];
  }

  get count(): number {
    return this.#known.size;
  }

  /** `[pushed]`, places in {@link names} */
  get places(): readonly number[] {
    return this.#places;
  }
}
