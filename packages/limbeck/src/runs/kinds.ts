import { relative, sep } from "node:path";
import { type ImageDataset, type Kinds, MOST_CLASSES } from "../data/dataset.js";

/**
 * What a source knows of its samples' classes: its labels, or the folders that all of its files lie in. Nothing where that makes fewer
 * than two, or more than labels can tell apart.
 */
export function kindsOf({ name, classes, labels, paths }: ImageDataset): Kinds | undefined {
  if (classes.length > 1) return { classes, labels };
  const folders = paths?.map((path) => folderBelow(name, path)) ?? [];
  const names = [...new Set(folders)].sort();
  if (names.length < 2 || names.length > MOST_CLASSES || names.includes(undefined)) return undefined;
  return { classes: names as string[], labels: Uint8Array.from(folders, (folder) => names.indexOf(folder)) };
}

/** The first folder below another on the way to a file; nothing where the file lies in that itself. */
function folderBelow(root: string, path: string): string | undefined {
  const [first, ...rest] = relative(root, path).split(sep);
  return rest.length > 0 && first !== ".." ? first : undefined;
}
