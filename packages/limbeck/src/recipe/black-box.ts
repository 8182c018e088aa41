import { TEACHER_DONOR } from "../imported/initial-options.js";
import { lossNamed } from "../losses/index.js";
import { asksTeacher } from "../losses/loss.js";
import { isBlackBox } from "../teachers/black-box/options.js";
import { AUTO } from "./auto.js";
import { INSIDE, learnersOf, type ManyTeachers } from "./many-teachers.js";
import type { Finding } from "./mixing.js";
import { type SchemeChoice, schemeNamed } from "./schemes/index.js";

interface Boxed extends ManyTeachers {
  readonly scheme: SchemeChoice;
  readonly student: ManyTeachers["student"] & { readonly initial?: { readonly from: string } | undefined };
}

/** What needs a teacher's network, where there are only its answers. */
export function unfitForBlackBox(recipe: Boxed): Finding[] {
  const { teacher, scheme, student } = recipe;
  if (!teacher || !isBlackBox(teacher)) return [];
  if (schemeNamed(scheme.name).images === "generated") {
    return [
      {
        path: ["scheme"],
        message: `${scheme.name} asks about images that it makes, and passes gradients through the teacher; this one gives answers alone`,
      },
    ];
  }
  const donor: Finding[] =
    student.initial?.from === TEACHER_DONOR
      ? [
          {
            path: ["student", "initial", "from"],
            message: "a teacher that is only asked has no numbers to give; name a file",
          },
        ]
      : [];
  const learners = learnersOf(recipe).flatMap(({ train, distill, at }): Finding[] => {
    const asking = distill.filter(({ loss }) => loss === AUTO || asksTeacher(lossNamed(String(loss))));
    const looks = asking.find(
      ({ loss }) => loss === AUTO || lossNamed(String(loss)).needs.some((need) => INSIDE.includes(need)),
    );
    if (looks) {
      const what =
        looks.loss === AUTO ? "distill: auto compares the networks" : `${looks.loss} looks inside of the teacher`;
      return [{ path: at, message: `${what}, of which there are only answers; use terms on answers, such as kd` }];
    }
    if (asking.length === 0 || (train.augment ?? []).length === 0) return [];
    return [{ path: at, message: "the teacher would be asked about each changed image again; leave augment out" }];
  });
  return [...donor, ...learners];
}
