import { corrupt } from "./formats/format.js";

/** A cell as a number; undefined where it is none. */
function toNumber(cell: unknown): number | undefined {
  if (typeof cell === "string") return cell.trim() === "" ? undefined : Number(cell);
  return typeof cell === "number" || typeof cell === "bigint" || typeof cell === "boolean" ? Number(cell) : undefined;
}

/** A cell as a float32. @throws LimbeckError DATA_CORRUPT where it is no finite number */
export function numberOf(cell: unknown, where: string, column: string): number {
  const value = toNumber(cell);
  if (value !== undefined && Number.isFinite(Math.fround(value))) return value;
  throw corrupt(where, `column ${JSON.stringify(column)}: ${shown(cell)} is not a number`, plain(cell));
}

/**
 * A cell as text: a class, or a group. Integers are looked up where their column gives them names.
 * @throws LimbeckError DATA_CORRUPT where it is neither text, a number nor a truth value
 */
export function textOf(cell: unknown, names: readonly string[] | undefined, where: string, column: string): string {
  const isInteger = typeof cell === "bigint" || (typeof cell === "number" && Number.isInteger(cell));
  const named = isInteger && names ? names[Number(cell)] : undefined;
  if (named !== undefined) return named;
  const isText = typeof cell === "string" || (typeof cell === "boolean" && !names);
  if (isText || (!names && (isInteger || typeof cell === "number"))) return String(cell);
  if (cell instanceof Uint8Array && !names) return Buffer.from(cell).toString("utf8");
  throw corrupt(where, `column ${JSON.stringify(column)}: ${shown(cell)} is not a class`, plain(cell));
}

/** A cell in a message. */
export function shown(cell: unknown): string {
  if (cell === "" || cell === null || cell === undefined) return "nothing";
  if (cell instanceof Uint8Array) return `${cell.length} bytes`;
  if (typeof cell === "object") return Array.isArray(cell) ? "a list" : "a record";
  return typeof cell === "string" ? JSON.stringify(cell.slice(0, 200)) : String(cell);
}

/** A cell that may travel as JSON. */
function plain(cell: unknown): unknown {
  return typeof cell === "string" || typeof cell === "number" ? cell : shown(cell);
}
