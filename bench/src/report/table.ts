import type { AbsentOutcome, Outcome, RowResult } from "../run.js";
import { speedRatio } from "../statistics.js";

const HEADER = [
  "name",
  "unit",
  "ours",
  "peer",
  "its value",
  "ratio",
  "peak memory, ours / peer",
  "rounds, ours / peer",
];
const ABSENT = "-";
const GAP = "  ";

/** The results for people: a line per row and peer, then what each contender is. */
export function formatTable(results: readonly RowResult[]): string {
  const lines = results.flatMap((result) => result.peers.map((peer) => cellsOf(result, peer)));
  return [...aligned([HEADER, ...lines]), "", ...results.flatMap(notesOf)].join("\n");
}

function cellsOf({ name, unit, ours }: RowResult, peer: Outcome | AbsentOutcome): string[] {
  const known = [name, unit, format(ours.value), peer.name];
  if ("absent" in peer)
    return [...known, ABSENT, ABSENT, `${megabytes(ours)} / ${ABSENT} MB`, `${range(ours)} / ${ABSENT}`];
  return [
    ...known,
    format(peer.value),
    `${speedRatio(ours.value, peer.value).toFixed(2)}x`,
    `${megabytes(ours)} / ${megabytes(peer)} MB`,
    `${range(ours)} / ${range(peer)}`,
  ];
}

function notesOf({ name, ours, peers }: RowResult): string[] {
  const contenders = [ours, ...peers];
  return contenders.map((it) => `${name}, ${it.name}: ${"absent" in it ? `${ABSENT} ${it.absent}` : it.about}`);
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = HEADER.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join(GAP)
      .trimEnd(),
  );
}

/** Three digits that matter. */
function format(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function range({ rounds }: Outcome): string {
  return `${format(Math.min(...rounds))}-${format(Math.max(...rounds))}`;
}

function megabytes({ peakBytes }: Outcome): string {
  return (peakBytes / 1e6).toFixed(0);
}
