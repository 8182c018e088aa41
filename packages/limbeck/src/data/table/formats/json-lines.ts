import { chained, firstOf } from "./batches.js";
import { corrupt, type Row, type TableFormat } from "./format.js";
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
    const first = await firstOf(batches);
    if (!first) throw corrupt(placeOf(1), "holds no rows");
    const columns = Object.keys(fieldsOf(first.item, placeOf));
    async function* rows(wanted: readonly string[], most: number): AsyncGenerator<readonly Row[]> {
      let left = most;
      for await (const lines of chained([first!.item, ...first!.rest], batches)) {
        const some = lines.slice(0, left);
        yield some.map((line) => rowOf(line, wanted, placeOf));
        left -= some.length;
        if (left === 0) return;
      }
    }
    return { name, columns, classNames: new Map(), rows, placeOf };
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
