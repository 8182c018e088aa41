import { GraphError } from "../errors.js";
import type { Graph } from "../graph.js";
import type { Attribute, Tensor } from "../tensor.js";
import type { RawAttribute, RawAttributes } from "./attributes.js";

/** A node of a file on its way into a graph: its inputs are already there. */
export interface Call {
  readonly graph: Graph;
  /** Operator by name; `domain:name` outside of ONNX's own domain. */
  readonly op: string;
  /** Opset of the operator's domain. */
  readonly opset: number;
  readonly inputs: readonly (Tensor | undefined)[];
  readonly attributes: RawAttributes;
  /** For each declared output, whether something uses it. */
  readonly used: readonly boolean[];
}

/**
 * Turns an operator's form of another opset, or an operator that the table lacks, into what the table has: either the
 * call in the form of opset 17, or the values that it computes, already in the graph.
 */
export interface Conversion {
  readonly op: string;
  /** Applies to opsets below this one. */
  readonly before?: number;
  /** Applies to opsets from this one on. */
  readonly from?: number;
  /** Applies only where the table has no such operator. */
  readonly ifMissing?: boolean;
  /** Operators that it needs and that the table may lack. */
  readonly needs?: readonly string[];
  convert(call: Call): Call | readonly Tensor[];
}

/** An input that must be there. */
export function inputOf(call: Call, index: number): Tensor {
  const tensor = call.inputs[index];
  if (!tensor) throw new GraphError("MODEL_INVALID", `${call.op} has no input ${index}`, { value: index });
  return tensor;
}

export function numberOf(call: Call, name: string, fallback: number): number {
  const value = call.attributes[name];
  return typeof value === "number" ? value : fallback;
}

export function stringOf(call: Call, name: string, fallback: string): string {
  const value = call.attributes[name];
  return typeof value === "string" ? value : fallback;
}

export function numbersOf(call: Call, name: string): readonly number[] | undefined {
  const value = call.attributes[name];
  return isNumbers(value) ? value : undefined;
}

function isNumbers(value: RawAttribute | undefined): value is readonly number[] {
  return Array.isArray(value) && typeof value[0] !== "string";
}

/** The same call without some attributes. */
export function without(call: Call, ...names: readonly string[]): Call {
  const kept = Object.entries(call.attributes).filter(([name]) => !names.includes(name));
  return { ...call, attributes: Object.fromEntries(kept) };
}

/** The same call with other inputs. */
export function withInputs(call: Call, inputs: readonly (Tensor | undefined)[]): Call {
  return { ...call, inputs };
}

/** The same call with further attributes. */
export function withAttributes(call: Call, attributes: Readonly<Record<string, Attribute>>): Call {
  return { ...call, attributes: { ...call.attributes, ...attributes } };
}

/** Something that graphs do not have. */
export function unsupported(call: Call, what: string): GraphError {
  return new GraphError("MODEL_UNSUPPORTED", `${call.op}: ${what}`, { value: call.op });
}
