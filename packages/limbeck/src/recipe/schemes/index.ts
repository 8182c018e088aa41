import { isMapping } from "../presets/preset.js";
import { cmi } from "./cmi.js";
import { dafl } from "./dafl.js";
import { deepInversion } from "./deep-inversion.js";
import { dfad } from "./dfad.js";
import { dino } from "./dino.js";
import { earlyExits } from "./early-exits.js";
import { fastDfkd } from "./fast-dfkd.js";
import { kdcl } from "./kdcl.js";
import { meanTeacher } from "./mean-teacher.js";
import { mutual } from "./mutual.js";
import { offline } from "./offline.js";
import { one } from "./one.js";
import type { Scheme } from "./scheme.js";
import { synthesis } from "./synthesis.js";
import { zskt } from "./zskt.js";

export type { Scheme } from "./scheme.js";

/** All schemes. */
export const schemes: readonly Scheme[] = [
  offline,
  mutual,
  kdcl,
  meanTeacher,
  one,
  earlyExits,
  dino,
  dfad,
  dafl,
  zskt,
  deepInversion,
  cmi,
  fastDfkd,
  synthesis,
];

/** A scheme's name and its options, as a recipe gives them. */
export type SchemeChoice = { readonly name: string } & Readonly<Record<string, unknown>>;

/** The scheme of teachers and baselines, and of recipes that name none. */
export const OFFLINE: SchemeChoice = { name: offline.name };

/** The record of a scheme that a recipe names. */
export function schemeNamed(name: string): Scheme {
  const found = schemes.find((scheme) => scheme.name === name);
  if (!found) throw new TypeError(`no scheme ${name}`);
  return found;
}

/** A written recipe with its scheme's usual terms where it names none; anything else as it is, for validation to judge. */
export function expandScheme(written: unknown): unknown {
  if (!isMapping(written) || written.distill !== undefined) return written;
  const { scheme } = written;
  const name = isMapping(scheme) ? scheme.name : scheme;
  const terms = schemes.find((known) => known.name === name)?.terms;
  return terms ? { ...written, distill: terms } : written;
}
