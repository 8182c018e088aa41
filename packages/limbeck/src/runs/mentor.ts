import { schemeNamed } from "../recipe/schemes/index.js";
import { needsTeacher } from "../schemes/needs.js";
import type { Arm } from "./arms.js";

/** What a student learns with and its baseline without, as sentences name it: the teacher, its peers, or losses alone. */
export function mentorOf({ scheme, terms }: Pick<Arm, "scheme" | "terms">): string {
  const { mentor, pretrains } = schemeNamed(scheme.name);
  if (pretrains || needsTeacher(terms)) return mentor;
  return terms.map(({ loss }) => loss).join(" + ");
}
