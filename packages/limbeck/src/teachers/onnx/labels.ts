import { z } from "zod";
import { LimbeckError } from "../../support/errors.js";
import { readText } from "../../support/files.js";
import { besideModel, readSmallJson, requireSmall } from "./beside.js";
import { mismatch } from "./interface.js";

const named = z.looseObject({ id2label: z.record(z.string().regex(/^\d+$/), z.string()) });
const json = z.union([z.array(z.string()).min(1), named]);

/**
 * What a classifier's places are called.
 * @param path a config.json with `id2label`, a JSON list, or a text file with a label a line; by default the config.json beside the model
 * @throws LimbeckError TEACHER_MISMATCH where there is none, FILE_MISSING, FILE_UNREADABLE
 */
export function labelsOf(model: string, path?: string): string[] {
  const found = path ?? besideModel(model, "config.json");
  if (found === undefined) {
    const fix = "Name a file with `classes: { labels: … }`, or give the places by number.";
    throw mismatch("there is no config.json beside the teacher that would say what its places are called", model, fix);
  }
  return found.endsWith(".json") ? jsonLabels(found) : textLabels(found);
}

function jsonLabels(path: string): string[] {
  const result = json.safeParse(readSmallJson(path));
  if (!result.success) {
    throw new LimbeckError("FILE_UNREADABLE", `${path} holds no labels`, {
      where: path,
      fix: 'Give it `{"id2label": {"0": "cat", …}}`, or a list of labels.',
    });
  }
  if (Array.isArray(result.data)) return result.data;
  const { id2label } = result.data;
  const labels: string[] = [];
  for (const [place, label] of Object.entries(id2label)) {
    if (Number(place) < Object.keys(id2label).length) labels[Number(place)] = label;
  }
  return Array.from({ length: Object.keys(id2label).length }, (_, place) => labels[place] ?? "");
}

function textLabels(path: string): string[] {
  requireSmall(path);
  const lines = readText(path).split(/\r?\n/);
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}
