import { matchingNames } from "@limbeck/graph";
import { firstNames, suggestion } from "../../support/nearest.js";
import { mismatch } from "./interface.js";
import { labelsOf } from "./labels.js";
import type { ClassMap } from "./options.js";

/** Of each class, the places whose probabilities add up to its own; none of a class that the teacher does not know. */
export type Places = readonly (readonly number[])[];

/**
 * Where a classifier has the run's classes.
 * @param model its file, beside which its labels are
 * @param classes what the run's are called
 * @throws LimbeckError TEACHER_MISMATCH; FILE_MISSING, FILE_UNREADABLE for the file of labels
 */
export function placesOf({ map, labels: path, missing }: ClassMap, model: string, classes: readonly string[]): Places {
  const places = map ? mapped(map, () => labelsOf(model, path), classes) : equallyNamed(labelsOf(model, path), classes);
  const unknown = classes.filter((_, k) => places[k]!.length === 0);
  if (unknown.length === 0 || (missing === "impossible" && unknown.length < classes.length)) return places;
  throw mismatch(
    `the teacher has no place for ${unknown.length} of the ${classes.length} classes: ${some(unknown)}`,
    unknown,
    "Map labels onto them in teacher.classes.map; or let it never answer with them: `missing: impossible`.",
  );
}

/** Labels may list several names of a class, as ImageNet's do. */
function equallyNamed(labels: readonly string[], classes: readonly string[]): Places {
  const names = labels.map((label) => [label, ...label.split(",")].map(plain));
  return classes.map((name) => names.flatMap((own, place) => (own.includes(plain(name)) ? [place] : [])));
}

const plain = (name: string) => name.trim().toLowerCase().replaceAll("_", " ");

function mapped(map: NonNullable<ClassMap["map"]>, readLabels: () => string[], classes: readonly string[]): Places {
  const places: number[][] = classes.map(() => []);
  let labels: string[] | undefined;
  for (const [label, name] of Object.entries(map)) {
    const isPlace = /^\d+$/.test(label);
    if (!isPlace) labels ??= readLabels();
    const found = isPlace ? [Number(label)] : placesNamed(label, labels!);
    const own = places[classNamed(name, classes)]!;
    for (const place of found) {
      const other = places.findIndex((taken) => taken.includes(place));
      if (other >= 0 && places[other] !== own) throw twice(labels?.[place] ?? place, classes[other]!, name);
      if (other < 0) own.push(place);
    }
  }
  return places;
}

function placesNamed(pattern: string, labels: readonly string[]): number[] {
  const exact = labels.flatMap((label, place) => (label === pattern ? [place] : []));
  const fitting = new Set(matchingNames(new Set(labels), pattern));
  const found = exact.length > 0 ? exact : labels.flatMap((label, place) => (fitting.has(label) ? [place] : []));
  if (found.length > 0) return found;
  throw mismatch(
    `the teacher has no label "${pattern}"${suggestion(pattern, labels)}`,
    pattern,
    `It has ${some(labels)}.`,
  );
}

function classNamed(name: string | number, classes: readonly string[]): number {
  const place = typeof name === "number" ? name : classes.indexOf(name);
  if (place >= 0 && place < classes.length) return place;
  throw mismatch(
    `teacher.classes.map names class "${name}", which is none of the run's${suggestion(String(name), classes)}`,
    name,
    `Use ${some(classes)}.`,
  );
}

function twice(label: string | number, one: string, other: string | number): Error {
  return mismatch(
    `teacher.classes.map has label "${label}" for ${one} and for ${other}`,
    label,
    "Make the patterns narrower.",
  );
}

const some = (names: readonly string[]) => firstNames(names, 8);
