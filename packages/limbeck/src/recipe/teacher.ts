import { type InitialOptions, TEACHER_DONOR } from "../imported/initial-options.js";
import { lossNamed } from "../losses/index.js";
import { asksTeacher } from "../losses/loss.js";
import { AUTO } from "./auto.js";
import type { Finding } from "./mixing.js";
import { type SchemeChoice, schemeNamed } from "./schemes/index.js";

type Terms = readonly { readonly loss?: unknown }[];

/** What of a recipe decides whether it needs a teacher. */
interface Taught {
  readonly scheme: SchemeChoice;
  readonly teacher?: object | undefined;
  readonly distill: Terms;
  readonly assistants: readonly { readonly distill?: Terms | undefined }[];
  readonly variants: readonly { readonly distill?: Terms | undefined }[];
}

/** Terms that ask a teacher which the recipe lacks, of the main comparison and of every variant. */
export function missingTeacher({ scheme, teacher, distill, assistants, variants }: Taught): Finding[] {
  const { name, needs, images } = schemeNamed(scheme.name);
  if (teacher || !needs.includes("teacher")) return [];
  if (images === "generated") {
    return [{ path: ["scheme"], message: `${name} has nothing to learn from but a teacher: add a teacher section` }];
  }
  const sections: [Terms, Finding["path"]][] = [
    [distill, ["distill"]],
    ...assistants.map(({ distill: own }, a): [Terms, Finding["path"]] => [own ?? [], ["assistants", a, "distill"]]),
    ...variants.map(({ distill: own }, v): [Terms, Finding["path"]] => [own ?? [], ["variants", v, "distill"]]),
  ];
  return sections.flatMap(([terms, path]) =>
    terms.flatMap(({ loss }, i) => {
      if (!needsTeacher(String(loss))) return [];
      const message = `${loss} needs a teacher: add a teacher section, or take a loss that needs none, such as ps-kd`;
      return { path: [...path, i], message };
    }),
  );
}

function needsTeacher(loss: string): boolean {
  return loss === AUTO || asksTeacher(lossNamed(loss));
}

/** What of a recipe decides whether a student can start from what the run trains. */
interface Donated {
  readonly teacher?: object | undefined;
  readonly assistants: readonly unknown[];
  readonly student: { readonly initial?: InitialOptions | undefined };
  readonly variants: readonly { readonly initial?: false | undefined }[];
}

/** Donors that the recipe lacks. */
export function missingDonor({ teacher, assistants, student: { initial }, variants }: Donated): Finding[] {
  if (!initial) {
    return variants.flatMap(({ initial: own }, v): Finding[] => {
      const message = "the student starts from drawn numbers anyway; leave it out, or say student.initial";
      return own === undefined ? [] : [{ path: ["variants", v, "initial"], message }];
    });
  }
  if (initial.from !== TEACHER_DONOR) return [];
  const path = ["student", "initial", "from"];
  if (!teacher) return [{ path, message: "there is no teacher; name a file, or add a teacher section" }];
  if (!("onnx" in teacher) || assistants.length > 0) return [];
  return [{ path, message: "the run does not train the teacher, which is a file; name that file here" }];
}
