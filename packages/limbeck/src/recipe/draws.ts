import { lossNamed } from "../losses/index.js";
import type { AnswerStorage } from "../teachers/storage.js";
import { AUTO } from "./auto.js";
import type { Finding } from "./mixing.js";

type Term = { readonly loss?: unknown };
type Terms = readonly Term[];

/** What of a recipe decides who learns from drawn answers. */
interface Drawn {
  readonly answers: AnswerStorage;
  readonly distill: Terms;
  readonly assistants: readonly { readonly distill?: Terms | undefined }[];
  readonly variants: readonly { readonly distill?: Terms | undefined; readonly correctBiases: boolean }[];
}

/** Drawn answers, and terms for which they are no fair estimate of the teacher. */
export function unfitForDraws({ answers, distill, assistants, variants }: Drawn): Finding[] {
  const { draws, top, temperature } = answers;
  if (draws === undefined) {
    const message = "nothing is drawn at a temperature; add draws, or leave it out";
    return temperature === undefined ? [] : [{ path: ["answers", "temperature"], message }];
  }
  const sections: [Terms, Finding["path"]][] = [
    [distill, ["distill"]],
    ...assistants.map(({ distill: own }, a): [Terms, Finding["path"]] => [own ?? [], ["assistants", a, "distill"]]),
    ...variants.map(({ distill: own }, v): [Terms, Finding["path"]] => [own ?? [], ["variants", v, "distill"]]),
  ];
  const both = "answers are either drawn or cut to the largest; leave top or draws out";
  const corrected = variants.flatMap(({ correctBiases }, v): Finding[] => {
    const message = "biases are matched to probabilities at temperature 1: draw at that one, or leave draws out";
    return correctBiases && (temperature ?? 1) !== 1 ? [{ path: ["variants", v, "correctBiases"], message }] : [];
  });
  return [
    ...(top === undefined ? [] : [{ path: ["answers", "top"], message: both }]),
    ...sections.flatMap(([terms, path]) =>
      terms.flatMap((term, i) => biasedTerm(term, temperature ?? 1, [...path, i])),
    ),
    ...corrected,
  ];
}

function biasedTerm({ loss, ...options }: Term, drawnAt: number, path: Finding["path"]): Finding[] {
  if (loss === AUTO)
    return [{ path, message: `${AUTO} may choose terms that need the teacher's logits; name kd, or leave draws out` }];
  const record = lossNamed(String(loss));
  if (!record.needs.includes("teacher logits")) return [];
  const needed = record.linearAt?.(options);
  if (needed === drawnAt) return [];
  const message =
    needed === undefined
      ? `${loss} is biased by drawn answers; use kd, or leave answers.draws out`
      : `${loss} has temperature ${needed}, and answers are drawn at ${drawnAt}; make answers.temperature ${needed}`;
  return [{ path, message }];
}
