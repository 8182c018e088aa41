import { crossEntropy } from "./cross-entropy.js";
import { kd } from "./kd.js";
import type { Loss } from "./loss.js";

/** All losses. */
export const losses = [crossEntropy, kd] as const;

/** The record of a loss that a recipe names. */
export function lossNamed(name: string): Loss {
  const found = (losses as readonly Loss[]).find((loss) => loss.name === name);
  if (!found) throw new TypeError(`no loss ${name}`);
  return found;
}
