import { InvalidArgumentError } from "@commander-js/extra-typings";

const BYTES: Readonly<Record<string, number>> = { b: 1, kb: 1e3, mb: 1e6, gb: 1e9, kib: 2 ** 10, mib: 2 ** 20 };
const MILLISECONDS: Readonly<Record<string, number>> = { us: 1e-3, µs: 1e-3, ms: 1, s: 1e3 };

/** Bytes of `500KB`, `1.5 MB`, `200KiB` or `1000`. */
export function byteCount(text: string): number {
  return quantity(text, BYTES, "b", "Write it as 500KB or 1.5MB.");
}

/** Milliseconds of `2ms`, `500us`, `0.1s` or `2`. */
export function milliseconds(text: string): number {
  return quantity(text, MILLISECONDS, "ms", "Write it as 2ms or 500us.");
}

/** A share of `0.97` or `97%`. */
export function share(text: string): number {
  const value = quantity(text, { "": 1, "%": 0.01 }, "", "Write it as 0.97 or 97%.");
  if (value > 1) throw new InvalidArgumentError("It must be between 0 and 1.");
  return value;
}

function quantity(text: string, units: Readonly<Record<string, number>>, usual: string, hint: string): number {
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?|\.\d+)\s*([a-zµ%]*)$/i.exec(text.trim()) ?? [];
  const factor = units[unit.toLowerCase() || usual];
  const value = Number(digits) * (factor ?? Number.NaN);
  if (!(value > 0)) throw new InvalidArgumentError(hint);
  return value;
}
