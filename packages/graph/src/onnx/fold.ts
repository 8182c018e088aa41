import { toTypedArray } from "../dtype.js";
import { sizeOf } from "../shape.js";
import { safeInteger } from "./attributes.js";
import type { Call } from "./call.js";
import type { KnownValue } from "./data-types.js";
import { arithmetic } from "./fold-arithmetic.js";
import { layout } from "./fold-layout.js";
import type { FoldRule, Numbers } from "./fold-rule.js";

/** Constants up to this size are worked out at import; larger ones are weights, and the runtime's business. */
export const LARGEST_FOLDED = 65_536;

const RULES: ReadonlyMap<string, FoldRule> = new Map([...Object.entries(arithmetic), ...Object.entries(layout)]);

/** Operators that need no values of their inputs, only their types. */
const TYPES_ONLY: ReadonlySet<string> = new Set(["Shape", "Size"]);

/** Whether this evaluator knows an operator. */
export function canFold(op: string): boolean {
  return RULES.has(op);
}

/**
 * Works out a node whose inputs are known: mainly the arithmetic on shapes that exporters leave behind.
 * @returns `undefined` where the node must stay a node
 */
export function fold(call: Call): readonly KnownValue[] | undefined {
  const { value } = call.attributes;
  if (call.op === "Constant" && typeof value === "object" && "dtype" in value) return [value];
  const rule = RULES.get(call.op);
  if (!rule) return undefined;
  const limit = LARGEST_FOLDED;
  const isKnown = call.inputs.every((input) => {
    return !input || TYPES_ONLY.has(call.op) || (input.source.kind === "constant" && sizeOf(input.shape) <= limit);
  });
  if (!isKnown) return undefined;
  const results = rule({ call, values: call.inputs.map((input) => numbersOf(call, input)), limit });
  return results?.every(isStorable) ? results.map(toKnown) : undefined;
}

function numbersOf(call: Call, input: Call["inputs"][number]): Numbers | undefined {
  if (!input) return undefined;
  const { dtype, shape, source } = input;
  if (source.kind !== "constant" || TYPES_ONLY.has(call.op)) return { dtype, shape, data: [] };
  return { dtype, shape, data: Array.from(source.data as ArrayLike<number | bigint>, safeInteger64(dtype)) };
}

function safeInteger64(dtype: string): (value: number | bigint) => number {
  return dtype === "int64" || dtype === "uint64" ? safeInteger : Number;
}

/** Integers beyond double precision are left to the runtime. */
function isStorable({ dtype, data }: Numbers): boolean {
  return (dtype !== "int64" && dtype !== "uint64") || data.every((value) => Number.isSafeInteger(value));
}

function toKnown({ dtype, shape, data }: Numbers): KnownValue {
  return { dtype, shape, data: toTypedArray(dtype, data) };
}
