import { basename, dirname } from "node:path";
import type { FileModelSource } from "../../evaluate/file-model/file-model.js";
import { LimbeckError } from "../../support/errors.js";
import { nearestWord } from "../../support/nearest.js";
import type { ModelToEvaluate } from "./subject.js";

/**
 * Models with names that tell them apart: those that were given, else the file's, with its folder's where two are equal.
 * @throws LimbeckError OPTION_INVALID where a given name is taken, or there is no model
 */
export function nameModels(models: readonly ModelToEvaluate[]): FileModelSource[] {
  if (models.length === 0) {
    throw new LimbeckError("OPTION_INVALID", "there is no model to evaluate", {
      fix: "Name ONNX files, or a run folder that has exported some.",
    });
  }
  const parts = models.map((model) => (typeof model === "string" ? { onnx: model } : model));
  const own = parts.map(({ name, onnx }) => name ?? basename(onnx).replace(/\.onnx$/i, ""));
  const longer = own.map((name, i) => {
    const { name: given, onnx } = parts[i]!;
    const isTaken = own.some((other, j) => j !== i && other === name);
    return given === undefined && isTaken ? `${basename(dirname(onnx))}/${name}` : name;
  });
  return parts.map(({ name: _, onnx, ...options }, i) => {
    const name = longer[i]!;
    if (longer.indexOf(name) === i) return { name, path: onnx, options };
    throw new LimbeckError("OPTION_INVALID", `two models are called ${name}`, {
      value: name,
      fix: "Give them names, as in first=a.onnx second=b.onnx.",
    });
  });
}

/** The place of the model that the others are compared with. @throws LimbeckError OPTION_INVALID */
export function placeOfReference(models: readonly FileModelSource[], reference = "first"): number {
  const place = models.findIndex(({ name }) => name === reference);
  if (place >= 0) return place;
  if (reference === "first") return 0;
  const names = models.map(({ name }) => name);
  const nearest = nearestWord(reference, names);
  throw new LimbeckError("OPTION_INVALID", `no model is called ${reference}`, {
    value: reference,
    fix: nearest ? `Did you mean ${nearest}?` : `The models are ${names.join(", ")}.`,
  });
}
