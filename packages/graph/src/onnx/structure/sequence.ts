import { GraphError } from "../../errors.js";
import { normalizeAxis } from "../../shape.js";
import type { Tensor } from "../../tensor.js";
import { tensorOf, type Value } from "../scope.js";
import {
  bodyOf,
  itemsOf,
  knownNumber,
  type Structure,
  type StructureCall,
  sequence,
  stacked,
  tensorAt,
} from "./structure.js";

/** A position in a list, from the front; `last` where it is left out. */
function positionOf(call: StructureCall, index: number, length: number, last: number): number {
  if (!call.inputs[index]) return last;
  const position = knownNumber(call, tensorAt(call, index), "a position");
  const found = position < 0 ? position + length : position;
  if (Number.isInteger(found) && found >= 0 && found <= last) return found;
  throw new GraphError("MODEL_INVALID", `${call.op}: position ${position} in a list of ${length}`, { value: position });
}

function insert(call: StructureCall): readonly Value[] {
  const items = itemsOf(call, 0);
  const position = positionOf(call, 2, items.length, items.length);
  return [sequence(items.toSpliced(position, 0, tensorAt(call, 1)))];
}

function erase(call: StructureCall): readonly Value[] {
  const items = itemsOf(call, 0);
  return [sequence(items.toSpliced(positionOf(call, 1, items.length, items.length - 1), 1))];
}

function at(call: StructureCall): readonly Value[] {
  const items = itemsOf(call, 0);
  const item = items[positionOf(call, 1, items.length, items.length - 1)];
  if (item) return [item];
  throw new GraphError("MODEL_INVALID", `${call.op} reads an empty list`);
}

function join(call: StructureCall): readonly Value[] {
  const items = itemsOf(call, 0);
  const axis = Number(call.attributes.axis ?? 0);
  return [call.attributes.new_axis === 1 ? stacked(call, items, axis) : call.emit("Concat", items, { axis })];
}

/** Parts of length 1, of one length, or of given lengths. */
function cut(call: StructureCall): readonly Value[] {
  const x = tensorAt(call, 0);
  const axis = normalizeAxis(Number(call.attributes.axis ?? 0), x.shape.length);
  const size = x.shape[axis]!;
  const lengths = call.inputs[1] ? lengthsOf(call, size) : equalLengths(call, size, 1);
  let start = 0;
  const parts = lengths.map((length) => {
    const [from, to] = [start, start + length].map((bound) => call.graph.ints([bound]));
    start += length;
    return call.emit("Slice", [x, from, to, call.graph.ints([axis])]);
  });
  const keepsAxis = call.inputs[1] !== undefined || call.attributes.keepdims !== 0;
  const squeezed = (part: Tensor) => call.emit("Squeeze", [part, call.graph.ints([axis])]);
  return [sequence(keepsAxis ? parts : parts.map(squeezed))];
}

function lengthsOf(call: StructureCall, size: number): number[] {
  const split = tensorAt(call, 1);
  if (split.shape.length > 0 && split.source.kind === "constant") {
    return Array.from(split.source.data as ArrayLike<number | bigint>, Number);
  }
  const length = knownNumber(call, split, "the length of the parts");
  if (!(length >= 1)) throw new GraphError("MODEL_INVALID", `${call.op} into parts of ${length}`, { value: length });
  return equalLengths(call, size, length);
}

/** A small file can state an axis of any size: what it asks for is announced before anything is made. */
function equalLengths(call: StructureCall, size: number, length: number): number[] {
  const count = Math.ceil(size / length);
  call.unroll(count);
  return Array.from({ length: count }, (_, i) => Math.min(length, size - i * length));
}

/** The body runs once for each item; other inputs are lists of the same length, or the same for all. */
function map(call: StructureCall): readonly Value[] {
  const items = itemsOf(call, 0);
  const body = bodyOf(call, "body");
  const rounds = items.map((item, i) => {
    const others = call.inputs.slice(1).map((value) => (value && "items" in value ? value.items[i]! : value!));
    return call.run(body, [item, ...others], `${i}`);
  });
  return body.output.map((_, k) => sequence(rounds.map((results) => tensorOf(results[k]!))));
}

/** Lists live at import only: what remains in a graph are the tensors in them. */
export const sequences: readonly Structure[] = [
  { op: "SequenceEmpty", expand: () => [sequence([])] },
  { op: "SequenceConstruct", expand: (call) => [sequence(call.inputs.map((_, i) => tensorAt(call, i)))] },
  { op: "SequenceInsert", expand: insert },
  { op: "SequenceErase", expand: erase },
  { op: "SequenceAt", expand: at },
  {
    op: "SequenceLength",
    expand: (call) => [call.graph.constant("int64", [], [itemsOf(call, 0).length])],
  },
  { op: "ConcatFromSequence", expand: join },
  { op: "SplitToSequence", expand: cut },
  { op: "SequenceMap", bodies: ["body"], expand: map },
];
