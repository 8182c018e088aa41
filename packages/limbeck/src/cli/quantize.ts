import { existsSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { InvalidArgumentError } from "@commander-js/extra-typings";
import { TypedError } from "@limbeck/graph";
import { QUANTIZED_FORMATS, type QuantizedFormatName } from "../quantize/formats.js";
import type { CalibrationMethod } from "../quantize/ranges.js";
import { type QuantizeOptions, quantizeFile } from "../runs/quantize.js";
import { LimbeckError } from "../support/errors.js";
import { writeFileAtomic } from "../support/files.js";
import { viewOn } from "./progress.js";
import { quantizationText } from "./quantization-text.js";
import { EXIT, onInterrupt } from "./run.js";

export interface QuantizeCommand extends Omit<QuantizeOptions, "signal" | "onEvent"> {
  readonly out: string | undefined;
  readonly force: boolean;
  readonly json: boolean;
}

export function formatName(text: string): QuantizedFormatName {
  const found = QUANTIZED_FORMATS.find(({ name }) => name === text);
  if (found) return found.name;
  throw new InvalidArgumentError(`It is one of ${QUANTIZED_FORMATS.map(({ name }) => name).join(", ")}.`);
}

const METHODS = ["minmax", "percentile", "entropy"] as const satisfies readonly CalibrationMethod[];

export function calibrationMethod(text: string): CalibrationMethod {
  const found = METHODS.find((name) => name === text);
  if (found) return found;
  throw new InvalidArgumentError(`It is one of ${METHODS.join(", ")}.`);
}

/** Quantizes a file, writes the result beside it, and tells what that changed. @throws as `quantizeFile` does */
export async function showQuantization(path: string, { out, force, json, ...options }: QuantizeCommand): Promise<void> {
  const target = out ?? join(dirname(path), `${basename(path, ".onnx")}.${options.to}.onnx`);
  if (existsSync(target) && !force) {
    throw new LimbeckError("FILE_EXISTS", `${target} exists already`, {
      where: target,
      fix: "Name another file by --out, or add --force.",
    });
  }
  const stream = json ? process.stderr : process.stdout;
  const view = viewOn(stream);
  const controller = new AbortController();
  const stopWatching = onInterrupt(controller, stream, () => {
    view.close();
    process.exit(EXIT.interrupted);
  });
  try {
    const { signal } = controller;
    const { model, report } = await quantizeFile(path, { ...options, signal, onEvent: (event) => view.show(event) });
    view.close();
    writeFileAtomic(target, model);
    const file = relative(process.cwd(), target);
    if (json) process.stdout.write(`${JSON.stringify({ status: "done", model: file, report }, null, 2)}\n`);
    else process.stdout.write(`${quantizationText(report)}\n\nmodel    ${file}\n`);
  } catch (error) {
    if (error instanceof TypedError || !controller.signal.aborted) throw error;
    view.close();
    if (json) process.stdout.write(`${JSON.stringify({ status: "interrupted" })}\n`);
    else process.stdout.write("Stopped. Nothing was written.\n");
    process.exitCode = EXIT.interrupted;
  } finally {
    view.close();
    stopWatching();
  }
}
