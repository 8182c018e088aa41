import type { Recipe, TeacherOptions } from "../recipe/schema.js";

/** A teacher of a run: the only one, a member of an ensemble, or a specialist. */
export interface Member {
  /** Names its training and files: `teacher`, `teacher/member-0`. */
  readonly phase: string;
  /** Keys down to it in the recipe, and as text. */
  readonly path: readonly (string | number)[];
  readonly where: string;
  readonly choice: TeacherOptions;
  readonly seed: number;
  /** Classes that a specialist knows; missing where it knows all. */
  readonly owns?: readonly number[];
}

/** All teachers of a recipe, which may have none. Those that are trained differ by their seeds. */
export function membersOf({ teacher, seed }: Recipe): Member[] {
  if (!teacher) return [];
  const part = (key: string, name: string, choice: TeacherOptions, place: number): Member => ({
    phase: `teacher/${name}-${place}`,
    path: ["teacher", key, place],
    where: `teacher.${key}[${place}]`,
    choice,
    seed: helperSeed(seed, place),
  });
  if ("ensemble" in teacher) return teacher.ensemble.map((choice, place) => part("ensemble", "member", choice, place));
  if ("specialists" in teacher) {
    return teacher.specialists.map(({ owns, ...choice }, place) => {
      return { ...part("specialists", "specialist", choice, place), owns };
    });
  }
  return [{ phase: "teacher", path: ["teacher"], where: "teacher", choice: teacher, seed }];
}

/** Students may have a hundred seeds, counted on from the recipe's. */
const STUDENTS = 100;

/** The seed of the n-th network that a run trains beside its students: no two networks start from the same numbers. */
export function helperSeed(seed: number, place: number): number {
  return seed + place * (STUDENTS + 1);
}
