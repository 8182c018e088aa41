import { parseArgs } from "node:util";

/** What the command line asks for. */
export interface BenchOptions {
  readonly json: boolean;
  readonly help: boolean;
  /** Name of the one row to run. */
  readonly only?: string;
}

/** The command line is wrong; the message says how. */
export class UsageError extends Error {}

/** @throws UsageError */
export function parseOptions(args: readonly string[], rowNames: readonly string[]): BenchOptions {
  const { only, ...flags } = parsed(args);
  if (only === undefined) return flags;
  if (rowNames.includes(only)) return { ...flags, only };
  throw new UsageError(`no row is named ${only}; the rows are:\n${rowNames.map((name) => `  ${name}`).join("\n")}`);
}

function parsed(args: readonly string[]): BenchOptions {
  try {
    const { values } = parseArgs({
      args: [...args],
      strict: true,
      options: {
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
        only: { type: "string" },
      },
    });
    const { json, help, only } = values;
    return only === undefined ? { json, help } : { json, help, only };
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\nSee --help.`);
  }
}

/** @param rows name and description of each */
export function helpText(rows: readonly { readonly name: string; readonly description: string }[]): string {
  return `Times training steps, ours and others', on this machine.

Usage: npm run bench -- [options]

  --only NAME  run one row
  --json       print a JSON array of {name, unit, ours, peer, peerValue, ratio}; progress goes to standard error.
               A ratio above 1 means that we are faster. Use npm run -s bench, so that npm prints nothing.
  -h, --help   print this

Rows:
${rows.map(({ name, description }) => `  ${name}: ${description}`).join("\n")}
`;
}
