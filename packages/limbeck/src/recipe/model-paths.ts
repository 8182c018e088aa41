import { dirname, resolve } from "node:path";
import { isAddress, wrongAddress } from "../imported/address.js";
import { filesOf, mapFiles, type NamesFiles } from "./files.js";
import type { RecipeLayers } from "./layers.js";
import type { Finding } from "./mixing.js";
import type { Recipe } from "./schema.js";

/** Makes paths of files whole; addresses stay as they are. */
export function withWholeModels(layers: RecipeLayers, recipe: Recipe): Recipe {
  return mapFiles(recipe, ({ file, path, kind }) =>
    kind === "network" && isAddress(file) ? file : resolve(dirname(layers.placeOf(path).file), file),
  );
}

/** Addresses that are none, or whose content nobody vouches for. */
export function wrongAddresses(recipe: NamesFiles): Finding[] {
  return filesOf(recipe).flatMap(({ file, path, kind, sha256 }): Finding[] => {
    const message = kind === "network" ? wrongAddress(file, sha256) : undefined;
    return message ? [{ path: [...path], message }] : [];
  });
}
