import { helpText, parseOptions, UsageError } from "./options.js";
import { toJson } from "./report/json.js";
import { describeMachine } from "./report/machine.js";
import { formatTable } from "./report/table.js";
import type { Plan } from "./row.js";
import { rows } from "./rows/index.js";
import { type RowResult, runRow } from "./run.js";

const ROUNDS = 3;
/** At most so many steps that no number has shrunk into the slow, denormal range. */
const PLAN: Plan = { warmupSeconds: 0.5, seconds: 3, minSteps: 8, maxSteps: 500 };

async function main(args: readonly string[]): Promise<void> {
  const options = parseOptions(
    args,
    rows.map(({ name }) => name),
  );
  if (options.help) {
    process.stdout.write(helpText(rows));
    return;
  }
  const machine = describeMachine();
  const results: RowResult[] = [];
  for (const row of rows) {
    if (options.only !== undefined && row.name !== options.only) continue;
    results.push(await runRow(row, { rounds: ROUNDS, plan: PLAN, log }));
  }
  const report = options.json ? JSON.stringify(toJson(results)) : `${machine}\n\n${formatTable(results)}`;
  process.stdout.write(`${report}\n`);
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  log(error instanceof Error ? error.message : String(error));
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
