import { corrupt, type OpenTable, type Row, type TableFormat } from "./format.js";
import { type Line, linesOf, textBytes } from "./text.js";

type Fields = Readonly<Record<string, unknown>>;

/** One JSON object a line, whose keys are columns. The first object says which columns there are; later ones may have more. */
export const jsonLines: TableFormat = {
  name: "JSON Lines",
  extensions: [".jsonl", ".ndjson"],
  async open(file) {
    const { name } = file;
    const placeOf = (at: number) => `${name}:${at}`;
    const batches = linesOf(name, textBytes(file));
    let first: Line[] = [];
    while (first.length === 0) {
      const next = await batches.next();
      if (next.done) throw corrupt(placeOf(1), "holds no rows");
      first = next.value;
    }
    const columns = Object.keys(fieldsOf(first[0]!, placeOf));
    return { name, columns, classNames: new Map(), placeOf, rows: (wanted, most) => rows(wanted, most) };

    async function* rows(
      wanted: readonly string[],
      most: number,
    ): ReturnType<OpenTable["rows"]> & AsyncGenerator<Row[]> {
      let left = most;
      try {
        for (let lines: Line[] | undefined = first; lines; lines = (await batches.next()).value as Line[] | undefined) {
          const some = lines.slice(0, left);
          yield some.map((line) => rowOf(line, wanted, placeOf));
          left -= some.length;
          if (left === 0) return;
        }
      } finally {
        await batches.return(undefined);
      }
    }
  },
};

function rowOf(line: Line, wanted: readonly string[], placeOf: (at: number) => string): Row {
  const fields = fieldsOf(line, placeOf);
  const cells = wanted.map((name) => {
    if (Object.hasOwn(fields, name)) return fields[name];
    throw corrupt(placeOf(line.at), `has no ${JSON.stringify(name)}`);
  });
  return { at: line.at, cells };
}

function fieldsOf({ at, text }: Line, placeOf: (at: number) => string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw corrupt(placeOf(at), `is not JSON: ${(cause as Error).message}`, text.slice(0, 200), cause);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
  throw corrupt(placeOf(at), "is not a JSON object", text.slice(0, 200));
}
