import { inspectModel, type ModelInspection, matchingNames, probeWith } from "@limbeck/graph";
import { nodeBackend } from "@limbeck/graph/node";
import { LimbeckError } from "../support/errors.js";
import { checkExternalFiles, readModelFile } from "../support/model-file.js";
import { inspectionText, tapsText, weightsText } from "./inspection.js";

export interface InspectCommand {
  readonly dims: Readonly<Record<string, number>>;
  /** Lists the values that fit, instead of the whole picture. */
  readonly taps: string | undefined;
  /** Lists the weights that fit, instead of the whole picture. */
  readonly trainable: string | undefined;
  readonly json: boolean;
}

/** Prints what a model is made of. @throws LimbeckError and GraphError as `inspectModel` does */
export async function showInspection(path: string, { dims, taps, trainable, json }: InspectCommand): Promise<void> {
  const { bytes, externalData } = readModelFile(path);
  const whole = await inspectModel(bytes, { dims, externalData, shapesOf: probeWith(nodeBackend) });
  checkExternalFiles(path, whole.model.externalData);
  const inspection = narrowed(whole, taps, trainable);
  if (json) {
    process.stdout.write(`${JSON.stringify({ status: "done", file: path, ...inspection }, null, 2)}\n`);
    return;
  }
  const parts = [
    ...(taps === undefined ? [] : [tapsText(inspection.taps)]),
    ...(trainable === undefined ? [] : [weightsText(inspection)]),
  ];
  process.stdout.write(`${parts.length > 0 ? parts.join("\n\n") : inspectionText(path, inspection)}\n`);
}

/** Keeps the values and weights that fit. @throws LimbeckError OPTION_INVALID where none does */
function narrowed(whole: ModelInspection, taps: string | undefined, trainable: string | undefined): ModelInspection {
  const { parameters } = whole;
  const weights = parameters.tensors.filter(({ name, status }) => status !== "fixed" || name === trainable);
  return {
    ...whole,
    ...(taps === undefined ? {} : { taps: fitting(whole.taps, taps, "value") }),
    ...(trainable === undefined
      ? {}
      : { parameters: { ...parameters, tensors: fitting(weights, trainable, "weight") } }),
  };
}

function fitting<Named extends { readonly name: string }>(all: readonly Named[], glob: string, what: string): Named[] {
  const names = new Set(
    matchingNames(
      all.map(({ name }) => name),
      glob,
    ),
  );
  if (names.size > 0) return all.filter(({ name }) => names.has(name));
  const some = all.slice(0, 5).map(({ name }) => name);
  throw new LimbeckError("OPTION_INVALID", `no ${what} of the model fits ${glob}`, {
    value: glob,
    fix: some.length > 0 ? `Among its ${what}s are ${some.join(", ")}.` : `It has no ${what}s.`,
  });
}
