import { existsSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { InvalidArgumentError } from "@commander-js/extra-typings";
import { QUANTIZED_FORMATS, type QuantizedFormatName } from "../quantize/formats.js";
import { CALIBRATION_METHODS, type CalibrationMethod } from "../quantize/ranges.js";
import { type QuantizeOptions, quantizeFile } from "../runs/quantize.js";
import { LimbeckError } from "../support/errors.js";
import { writeFileAtomic } from "../support/files.js";
import { quantizationText } from "./quantization-text.js";
import { watched } from "./watched.js";

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

export function calibrationMethod(text: string): CalibrationMethod {
  const found = CALIBRATION_METHODS.find((name) => name === text);
  if (found) return found;
  throw new InvalidArgumentError(`It is one of ${CALIBRATION_METHODS.join(", ")}.`);
}

export function weightBits(text: string): 4 | 8 {
  if (text === "4" || text === "8") return text === "4" ? 4 : 8;
  throw new InvalidArgumentError("It is 4 or 8.");
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
  const report = await watched(json, async (watching) => {
    const { model, report } = await quantizeFile(path, { ...options, ...watching });
    writeFileAtomic(target, model);
    return report;
  });
  if (!report) return;
  const file = relative(process.cwd(), target);
  if (json) process.stdout.write(`${JSON.stringify({ status: "done", model: file, report }, null, 2)}\n`);
  else process.stdout.write(`${quantizationText(report)}\n\nmodel    ${file}\n`);
}
