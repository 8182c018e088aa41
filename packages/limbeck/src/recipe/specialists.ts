import { NAMED_DATASETS } from "../data/named/index.js";
import { lossNamed } from "../losses/index.js";
import { AUTO } from "./auto.js";
import { learnersOf, type ManyTeachers } from "./many-teachers.js";
import type { Finding } from "./mixing.js";
import { isMapping } from "./presets/preset.js";

/** Which class among a specialist's own, and whose classes; T² · weight = 1, so that both count about the same. */
export const SPECIALIST_TERMS: readonly object[] = [
  { loss: "restricted-kd", temperature: 2, weight: 0.25 },
  { loss: "cross-entropy" },
];

/** What of a recipe decides which classes there are, and who knows them. */
interface Owned extends ManyTeachers {
  readonly data: { readonly source: string | object };
  readonly teacher?: object | { readonly specialists: readonly { readonly owns: readonly number[] }[] } | undefined;
  readonly answers: { readonly top?: number | undefined; readonly draws?: number | undefined };
  readonly variants: readonly (ManyTeachers["variants"][number] & { readonly correctBiases: boolean })[];
}

/** A written recipe with the usual terms of specialists whom labels route, where it names none. */
export function expandSpecialists(written: unknown): unknown {
  if (!isMapping(written) || written.distill !== undefined || !isMapping(written.teacher)) return written;
  const { specialists, route = "labels" } = written.teacher;
  return specialists !== undefined && route === "labels" ? { ...written, distill: SPECIALIST_TERMS } : written;
}

/** Class sets that name a class twice or one that is not there, and classes that nobody owns. */
export function misowned({ teacher, data }: Owned): Finding[] {
  if (!teacher || !("specialists" in teacher)) return [];
  const sets = teacher.specialists.map(({ owns }) => owns);
  return ownershipFindings(sets, knownClasses(data));
}

/**
 * What is wrong with class sets.
 * @param classes how many the data have; unknown before they are loaded where a recipe names files alone
 */
export function ownershipFindings(sets: readonly (readonly number[])[], classes: number | undefined): Finding[] {
  const findings = sets.flatMap((owns, k) =>
    owns.flatMap((label, i): Finding[] => {
      const path = ["teacher", "specialists", k, "owns", i];
      if (owns.indexOf(label) !== i) return [{ path, message: `class ${label} stands here twice` }];
      if (classes === undefined || label < classes) return [];
      return [{ path, message: `there is no class ${label}: the data have ${classes}, counted from 0` }];
    }),
  );
  const owned = new Set(sets.flat());
  const all = classes ?? Math.max(...owned) + 1;
  const missing = Array.from({ length: all }, (_, label) => label).filter((label) => !owned.has(label));
  if (missing.length === 0) return findings;
  const which = missing.length === 1 ? `class ${missing[0]}` : `classes ${missing.join(", ")}`;
  const message = `no specialist owns ${which}; add ${missing.length === 1 ? "it" : "them"} to an owns list, or a teacher that knows ${missing.length === 1 ? "it" : "them"}`;
  return [...findings, { path: ["teacher", "specialists"], message }];
}

function knownClasses({ source }: Owned["data"]): number | undefined {
  if (typeof source !== "string") return (source as { classes?: readonly string[] | undefined }).classes?.length;
  return NAMED_DATASETS[source as keyof typeof NAMED_DATASETS].classes.length;
}

/** What needs one teacher of all classes. */
export function unfitForSpecialists(recipe: Owned): Finding[] {
  const { teacher, answers, variants } = recipe;
  if (!teacher || !("specialists" in teacher)) return [];
  const cut = (["top", "draws"] as const)
    .filter((key) => answers[key] !== undefined)
    .map((key): Finding => {
      const message = `specialists' answers stand side by side and are kept whole; leave ${key} out`;
      return { path: ["answers", key], message };
    });
  const corrected = variants.flatMap(({ correctBiases }, v): Finding[] => {
    const message = "specialists have no priors over all classes that biases could be matched to";
    return correctBiases ? [{ path: ["variants", v, "correctBiases"], message }] : [];
  });
  const isRouted = "route" in teacher && teacher.route === "labels";
  return [...cut, ...corrected, ...(isRouted ? impossibleTerms(recipe, ROUTED) : [])];
}

const ROUTED = "with route: labels only the owner of a label has any; use restricted-kd or kd, or another route";
const MISSING = "with missing: impossible there may be classes that have none; use kd, or map labels onto all classes";

/** Terms that need logits of every class, where the teacher's file may lack some. */
export function unfitForMissing(recipe: Owned): Finding[] {
  const { teacher } = recipe;
  if (!teacher || !("classes" in teacher)) return [];
  const { classes } = teacher;
  const mayLack =
    typeof classes === "object" && classes !== null && "missing" in classes && classes.missing === "impossible";
  return mayLack ? impossibleTerms(recipe, MISSING) : [];
}

/** Where labels say who answers, the classes of all others are impossible; so are those that a file does not know. */
function impossibleTerms(recipe: Owned, why: string): Finding[] {
  return learnersOf(recipe).flatMap(({ distill, at }) =>
    distill.flatMap(({ loss }): Finding[] => {
      if (loss === AUTO || !lossNamed(String(loss)).everyClass) return [];
      const message = `${loss} compares with the teacher's logits of every class, and ${why}`;
      return [{ path: at, message }];
    }),
  );
}
