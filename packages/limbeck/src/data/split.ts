import { permutation, randomStream } from "@limbeck/graph";
import { LimbeckError } from "../support/errors.js";
import { apportion } from "./apportion.js";
import { pick, type Split, splitLabels } from "./dataset.js";

/** Which classes {@link filterClasses} keeps: those of `only` (default: all) that are not in `without`. */
export interface ClassFilter {
  readonly only?: readonly number[];
  readonly without?: readonly number[];
}

/**
 * Draws disjoint parts of exactly the sizes asked for. Every class's share of a part is proportional, rounded down or
 * up. Which samples, and their order in a part, is random and depends on nothing but labels, counts and seed.
 * @param labels the label of each sample, in whatever order.
 * @param counts how many samples each part gets; what is left over belongs to none.
 * @returns for each part, positions in `labels`.
 * @throws LimbeckError DATA_TOO_SMALL, or RECIPE_INVALID where a count is not a whole number.
 */
export function splitStratified<Name extends string>(
  labels: ArrayLike<number>,
  counts: Readonly<Record<Name, number>>,
  seed: number,
): Record<Name, Uint32Array> {
  return stratify(labels, counts, seed, "split");
}

/**
 * Some samples of a split, stratified and shuffled like {@link splitStratified}.
 * @throws LimbeckError DATA_TOO_SMALL, or RECIPE_INVALID where `size` is not a whole number.
 */
export function drawSubset(split: Split, size: number, seed: number): Split {
  return pick(split, stratify(splitLabels(split), { subset: size }, seed, "draw").subset);
}

/** The whole split, or where it has more than `most` samples so many of them, as {@link drawSubset} draws them. */
export function drawAtMost(split: Split, most: number, seed: number): Split {
  return split.indices.length > most ? drawSubset(split, most, seed) : split;
}

/**
 * Holds out whole groups of samples, in a random order, until there are at least `size` samples.
 * @throws LimbeckError DATA_TOO_SMALL where no group would be left
 */
export function splitByGroups(
  split: Split,
  size: number,
  seed: number,
): { readonly held: Split; readonly rest: Split } {
  const groups = split.indices.map((index) => split.dataset.groups![index]!);
  const order = shuffled(Uint32Array.from(new Set(groups)).sort(), seed, "split", "groups");
  const members = (group: number) => groups.reduce((sum, one) => sum + (one === group ? 1 : 0), 0);
  const held = new Set<number>();
  for (let i = 0, count = 0; i < order.length && count < size; i++) {
    held.add(order[i]!);
    count += members(order[i]!);
  }
  if (held.size === order.length) {
    const message = `${size} samples are to be held out in whole groups, and then none of the ${order.length} groups is left`;
    throw new LimbeckError("DATA_TOO_SMALL", message, {
      value: size,
      where: split.dataset.name,
      fix: "Hold out fewer.",
    });
  }
  const part = (isHeld: boolean): Split => {
    const indices = split.indices.filter((_, i) => held.has(groups[i]!) === isHeld);
    return { dataset: split.dataset, indices };
  };
  return { held: part(true), rest: part(false) };
}

/**
 * The samples of some classes, in the split's order; labels keep their numbers.
 * @throws LimbeckError RECIPE_INVALID where there is no such class, DATA_TOO_SMALL where no sample is left.
 */
export function filterClasses(split: Split, { only, without = [] }: ClassFilter): Split {
  const { classes, labels, name } = split.dataset;
  const unknown = [...(only ?? []), ...without].find((label) => classes[label] === undefined);
  if (unknown !== undefined) {
    const fix = `Name classes between 0 and ${classes.length - 1}.`;
    throw new LimbeckError("RECIPE_INVALID", `${name} has no class ${unknown}`, { value: unknown, fix });
  }
  const kept = classes.map((_, label) => (only?.includes(label) ?? true) && !without.includes(label));
  const indices = split.indices.filter((index) => kept[labels[index]!]);
  if (indices.length === 0) {
    const fix = "Keep at least one class that has samples.";
    throw new LimbeckError("DATA_TOO_SMALL", `No sample of ${name} is left`, { value: { only, without }, fix });
  }
  return { dataset: split.dataset, indices };
}

function stratify<Name extends string>(
  labels: ArrayLike<number>,
  counts: Readonly<Record<Name, number>>,
  seed: number,
  purpose: string,
): Record<Name, Uint32Array> {
  requireSizes(labels.length, counts);
  const names = Object.keys(counts) as Name[];
  const members = membersByClass(labels).map((list, c) => shuffled(list, seed, purpose, "class", c));
  const shares = apportion(
    names.map((name) => counts[name]),
    members.map((list) => list.length),
  );
  const taken = members.map(() => 0);
  const parts = names.map((name, p) => {
    const chosen = members.flatMap((list, c) => {
      const start = taken[c]!;
      taken[c] = start + shares[p]![c]!;
      return Array.from(list.subarray(start, taken[c]));
    });
    return [name, shuffled(Uint32Array.from(chosen), seed, purpose, "part", name)];
  });
  return Object.fromEntries(parts) as Record<Name, Uint32Array>;
}

function requireSizes(available: number, counts: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(counts)) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    const message = `The size of ${name} is ${value}, which is not a number of samples`;
    throw new LimbeckError("RECIPE_INVALID", message, { value, where: name, fix: "Give a whole number, 0 or more." });
  }
  const wanted = Object.values(counts).reduce((total, count) => total + count, 0);
  if (wanted <= available) return;
  const list = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  const message = `${wanted} samples are asked for (${list.join(", ")}), but there are only ${available}`;
  const fix = `Ask for at most ${available} in all.`;
  throw new LimbeckError("DATA_TOO_SMALL", message, { value: counts, fix });
}

function membersByClass(labels: ArrayLike<number>): Uint32Array[] {
  const lists: number[][] = [];
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i]!;
    while (lists.length <= label) lists.push([]);
    lists[label]!.push(i);
  }
  return lists.map((list) => Uint32Array.from(list));
}

function shuffled(list: Uint32Array, seed: number, ...key: readonly (number | string)[]): Uint32Array {
  return permutation(list.length, randomStream(seed, ...key)).map((position) => list[position]!);
}
