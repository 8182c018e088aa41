import type { Recipe, TeacherOptions } from "../recipe/schema.js";

/** A teacher of a run: the only one, or a member of an ensemble. */
export interface Member {
  /** Names its training and files: `teacher`, `teacher/member-0`. */
  readonly phase: string;
  /** Keys down to it in the recipe, and as text. */
  readonly path: readonly (string | number)[];
  readonly where: string;
  readonly choice: TeacherOptions;
  readonly seed: number;
}

/** All teachers of a recipe, which may have none. Those that are trained differ by their seeds. */
export function membersOf({ teacher, seed }: Recipe): Member[] {
  if (!teacher) return [];
  if (!("ensemble" in teacher))
    return [{ phase: "teacher", path: ["teacher"], where: "teacher", choice: teacher, seed }];
  return teacher.ensemble.map((choice, place) => ({
    phase: `teacher/member-${place}`,
    path: ["teacher", "ensemble", place],
    where: `teacher.ensemble[${place}]`,
    choice,
    seed: helperSeed(seed, place),
  }));
}

/** Students may have a hundred seeds, counted on from the recipe's. */
const STUDENTS = 100;

/** The seed of the n-th network that a run trains beside its students: no two networks start from the same numbers. */
export function helperSeed(seed: number, place: number): number {
  return seed + place * (STUDENTS + 1);
}
