import { existsSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { InvalidArgumentError } from "@commander-js/extra-typings";
import { QUANTIZED_FORMATS, type QuantizedFormatName } from "../quantize/formats.js";
import { CALIBRATION_METHODS, type CalibrationMethod } from "../quantize/ranges.js";
import { renderQuantization } from "../report/quantization/page.js";
import { type QuantizeOptions, quantizeFile } from "../runs/quantize.js";
import { LimbeckError } from "../support/errors.js";
import { writeFileAtomic } from "../support/files.js";
import { quantizationText } from "./quantization-text.js";
import { watched } from "./watched.js";

export interface QuantizeCommand extends Omit<QuantizeOptions, "signal" | "onEvent"> {
  readonly out: string | undefined;
  /** Where a page goes that shows all; `true` for beside the quantized model. */
  readonly report: string | true | undefined;
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
export async function showQuantization(
  path: string,
  { out, report: asked, force, json, ...options }: QuantizeCommand,
): Promise<void> {
  const target = out ?? join(dirname(path), `${basename(path, ".onnx")}.${options.to}.onnx`);
  const page = asked === true ? `${target.replace(/\.onnx$/, "")}.html` : asked;
  for (const file of page === undefined ? [target] : [target, page]) if (!force) requireNew(file);
  const report = await watched(json, async (watching) => {
    const { model, report } = await quantizeFile(path, { ...options, ...watching });
    writeFileAtomic(target, model);
    if (page !== undefined) writeFileAtomic(page, renderQuantization(report));
    return report;
  });
  if (!report) return;
  const [file, shown] = [target, page].map((one) => one && relative(process.cwd(), one));
  const document = { status: "done", model: file, ...(shown ? { page: shown } : {}), report };
  if (json) process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
  else process.stdout.write(`${quantizationText(report)}\n\nmodel    ${file}\n${shown ? `report   ${shown}\n` : ""}`);
}

function requireNew(file: string): void {
  if (!existsSync(file)) return;
  throw new LimbeckError("FILE_EXISTS", `${file} exists already`, {
    where: file,
    fix: "Name another file by --out, or add --force.",
  });
}
