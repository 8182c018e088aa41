import { conditionals } from "./if.js";
import { loops } from "./loop.js";
import { sequences } from "./sequence.js";
import type { Structure } from "./structure.js";

/** Operators that are worked out while a model is read, by name. */
export const structures: ReadonlyMap<string, Structure> = new Map(
  [conditionals, loops, sequences].flat().map((structure) => [structure.op, structure]),
);
