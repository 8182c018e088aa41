import { LimbeckError } from "../../support/errors.js";
import { nearestWord } from "../../support/nearest.js";
import { fp32 } from "./fp32.js";
import { ort } from "./ort.js";
import { fp16, int4, int8, int8Dynamic } from "./quantized.js";
import type { Variant } from "./variant.js";

/** Every form that a student can be exported in. The first is always written. */
export const variants: readonly Variant[] = [fp32, fp16, int8, int8Dynamic, int4, ort];

/** Those that are asked for, and the first. @throws LimbeckError OPTION_INVALID, with the nearest name */
export function chosenVariants(names: readonly string[]): readonly Variant[] {
  const known = variants.map(({ name }) => name);
  for (const name of names) {
    if (known.includes(name)) continue;
    const nearest = nearestWord(name, known);
    throw new LimbeckError("OPTION_INVALID", `there is no variant ${name}`, {
      value: name,
      fix: nearest === undefined ? `Name some of ${known.join(", ")}.` : `Did you mean ${nearest}?`,
    });
  }
  return variants.filter((variant) => variant === fp32 || names.includes(variant.name));
}
