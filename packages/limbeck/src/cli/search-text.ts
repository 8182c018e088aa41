import { roundEpochs, type SearchedStudent, type SearchResults } from "../evaluate/search-results.js";
import type { SearchEvent } from "../runs/search/events.js";
import { bold, formatBytes, formatCount, formatSignificant, formatTable, wrapText } from "./format.js";

/** What a search begins with. */
export function searchStartText({
  name,
  searchDir,
  candidates,
}: Extract<SearchEvent, { type: "search-start" }>): string {
  const rows = candidates.map((student) => [
    student.name,
    formatCount(student.parameters),
    formatBytes(student.bytes),
    `${formatSignificant(student.latencyMs)} ms`,
    student.excluded ?? "",
  ]);
  const table = formatTable([["student", "parameters", "file size", "latency", ""], ...rows], 1, 1);
  return `${name}: the search folder is ${searchDir}\n\n${table}\n`;
}

/** What a round of a search trains. */
export function searchRoundText({ title, epochs, students }: Extract<SearchEvent, { type: "search-round" }>): string {
  const what = students.length === 1 ? "1 student" : `${students.length} students`;
  return `${title}: ${what}, ${formatCount(epochs)} ${epochs === 1 ? "epoch" : "epochs"}`;
}

/** What a search found. */
export function searchSummary({ students, sentence, chosen }: SearchResults, folder: string): string {
  const heads = roundEpochs({ students }).map((epochs) => `${epochs} epochs`);
  const rows = students.map((student) => rowOf(student, heads.length));
  const table = formatTable(
    [["student", "file size", "latency", ...heads, "tested", "of the teacher's", ""], ...rows],
    1,
    1,
  );
  const taken = students.find(({ name }) => name === chosen)?.final;
  const files = [...(taken ? [`student  ${folder}/${taken.run}/student.onnx`] : []), `report   ${folder}/search.html`];
  return `\n${table}\n\n${bold(wrapText(sentence, "", "").join("\n"))}\n\n${files.join("\n")}\n`;
}

function rowOf(student: SearchedStudent, rounds: number): string[] {
  const { name, final, excluded } = student;
  const { bytes, latencyMs } = final ?? student;
  const cells = Array.from({ length: rounds }, (_, i) => percent(student.rounds[i]?.accuracy));
  return [
    name,
    formatBytes(bytes),
    `${formatSignificant(latencyMs)} ms`,
    ...cells,
    percent(final?.accuracy.mean),
    percent(final?.retention ?? undefined),
    excluded ?? (final?.isFront ? "on the front" : ""),
  ];
}

function percent(share: number | undefined): string {
  return share === undefined ? "-" : `${(100 * share).toFixed(2)}%`;
}
