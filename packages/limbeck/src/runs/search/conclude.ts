import type { RunResults } from "../../evaluate/results.js";
import type { Final, Racer, SearchedStudent, SearchLimits, SearchResults } from "../../evaluate/search-results.js";
import { percent } from "../../report/format.js";
import { excess } from "./limits.js";
import { paretoFront } from "./pareto.js";

/** A finalist's run folder, relative to the search's, and what was measured there. */
export interface FinalRun {
  readonly run: string;
  readonly results: RunResults;
}

/** Runs of finalists, by their names. */
export type Finals = ReadonlyMap<string, FinalRun>;

/** What a search found. The choice looks at held-out samples alone; figures of the test part are told, not chosen by. */
export function conclude(racers: readonly Racer[], finals: Finals, limits: SearchLimits): SearchResults {
  const merits = [...finals].map(
    ([
      name,
      {
        results: { student },
      },
    ]) => {
      return { name, quality: student.accuracy.mean, bytes: student.bytes, latencyMs: student.latencyMs };
    },
  );
  const front = new Set(paretoFront(merits).map(({ name }) => name));
  const students = racers.map((racer): SearchedStudent => {
    const final = finals.get(racer.name);
    return { ...racer, final: final ? finalOf(final, front.has(racer.name)) : null };
  });
  const [first] = finals.values();
  const teacherAccuracy = first?.results.teacher?.accuracy.mean ?? null;
  const finalists = students.filter((student): student is Finalist => student.final !== null);
  const chosen = choose(finalists, limits);
  return { limits, teacherAccuracy, students, chosen: chosen?.name ?? null, sentence: tell(chosen, finalists, limits) };
}

type Finalist = SearchedStudent & { readonly final: Final };

function finalOf({ run, results: { student, teacher } }: FinalRun, isFront: boolean): Final {
  const { errors, accuracy, bytes, latencyMs, peakMemoryBytes } = student;
  const retention = teacher ? accuracy.mean / teacher.accuracy.mean : null;
  return { run, errors, accuracy, retention, bytes, latencyMs, peakMemoryBytes, isFront };
}

const heldOut = ({ rounds }: Finalist) => rounds.at(-1)!;

/** The smallest that keeps enough of the teacher; the best where nobody says how much that is. */
function choose(finalists: readonly Finalist[], limits: SearchLimits): Finalist | undefined {
  const { minRetention } = limits;
  const able = finalists.filter((student) => {
    return (
      !excess(student.final, limits) && (minRetention === undefined || heldOut(student).retention! >= minRetention)
    );
  });
  const order = (a: Finalist, b: Finalist) =>
    minRetention === undefined ? heldOut(b).accuracy - heldOut(a).accuracy : a.final.bytes - b.final.bytes;
  return able.sort(order)[0];
}

function tell(chosen: Finalist | undefined, finalists: readonly Finalist[], { minRetention }: SearchLimits): string {
  const wanted = minRetention === undefined ? "" : percent(minRetention);
  if (!chosen) {
    const [best] = [...finalists].sort((a, b) => heldOut(b).accuracy - heldOut(a).accuracy);
    const kept = heldOut(best!).retention;
    if (minRetention === undefined || (kept !== null && kept >= minRetention)) {
      return "As they are exported, all finalists are above the limits of size or time.";
    }
    return `No finalist keeps ${wanted} of the teacher's accuracy on held-out samples; the best, ${best!.name}, keeps ${percent(kept!)}.`;
  }
  const { accuracy, retention } = chosen.final;
  const why = minRetention === undefined ? "the most accurate finalist" : `the smallest finalist that keeps ${wanted}`;
  const kept = retention === null ? "" : `, ${percent(retention)} of the teacher's`;
  const caution =
    minRetention !== undefined && retention! < minRetention ? " On the test part that is less than was asked for." : "";
  return `${chosen.name} is ${why} on held-out samples. Its test accuracy is ${percent(accuracy.mean)}${kept}.${caution}`;
}
