import * as explanation from "./explanation/index.js";
import * as feature from "./feature/index.js";
import type { Loss } from "./loss.js";
import * as relation from "./relation/index.js";
import * as response from "./response/index.js";

/** All losses: whatever the families' indexes export. */
export const losses: readonly Loss[] = [response, feature, relation, explanation].flatMap(
  (family) => Object.values(family) as Loss[],
);

/** The record of a loss that a recipe names. */
export function lossNamed(name: string): Loss {
  const found = losses.find((loss) => loss.name === name);
  if (!found) throw new TypeError(`no loss ${name}`);
  return found;
}
