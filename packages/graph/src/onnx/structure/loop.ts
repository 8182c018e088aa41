import { GraphError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";
import { tensorOf, type Value } from "../scope.js";
import { bodyOf, inputValue, knownNumber, type Structure, type StructureCall, stacked, tensorAt } from "./structure.js";

/** Collects what each round of a loop adds. */
function collect(rounds: readonly (readonly Value[])[], from: number): Tensor[][] {
  const count = (rounds[0]?.length ?? from) - from;
  return Array.from({ length: count }, (_, i) => rounds.map((results) => tensorOf(results[from + i]!)));
}

/** Repeats the body, round by round, for as long as conditions known at import say. */
function expandLoop(call: StructureCall): readonly Value[] {
  const body = bodyOf(call, "body");
  const most = call.inputs[0] ? knownNumber(call, tensorAt(call, 0), "the number of rounds") : Infinity;
  let condition = call.inputs[1] ? tensorAt(call, 1) : call.graph.constant("bool", [], [1]);
  let carried: readonly Value[] = call.inputs.slice(2).map((_, i) => inputValue(call, i + 2));
  const rounds: (readonly Value[])[] = [];
  while (rounds.length < most && knownNumber(call, condition, "the condition") !== 0) {
    const round = call.graph.constant("int64", [], [rounds.length]);
    const results = call.run(body, [round, condition, ...carried], `${rounds.length}`);
    condition = tensorOf(results[0]!);
    carried = results.slice(1, 1 + carried.length);
    rounds.push(results);
  }
  const collected = collect(rounds, 1 + carried.length);
  const missing = body.output.length - 1 - carried.length;
  if (rounds.length === 0 && missing > 0) throw neverRuns(call);
  return [...carried, ...collected.map((items) => stacked(call, items))];
}

/** What is collected over no rounds has a shape that only a round could tell. */
function neverRuns(call: StructureCall): GraphError {
  return new GraphError("MODEL_UNSUPPORTED", `${call.op} collects values, but has no rounds`, { value: call.op });
}

function integers(call: StructureCall, name: string, count: number): readonly number[] {
  const value = call.attributes[name];
  return Array.isArray(value) && value.length === count ? (value as readonly number[]) : new Array(count).fill(0);
}

/** Repeats the body along an axis of its inputs: shapes are static, so that the number of rounds is known. */
function expandScan(call: StructureCall): readonly Value[] {
  if (call.opset < 9) throw new GraphError("MODEL_UNSUPPORTED", "Scan before opset 9", { value: call.opset });
  const body = bodyOf(call, "body");
  const scanned = Number(call.attributes.num_scan_inputs);
  const stateCount = call.inputs.length - scanned;
  if (!(Number.isInteger(scanned) && scanned >= 1 && stateCount >= 0)) {
    throw new GraphError("MODEL_INVALID", `Scan has ${call.inputs.length} inputs and scans ${scanned}`);
  }
  const inputs = Array.from({ length: scanned }, (_, i) => tensorAt(call, stateCount + i));
  const axes = integers(call, "scan_input_axes", scanned);
  const reversed = integers(call, "scan_input_directions", scanned);
  const lengths = inputs.map(({ shape }, i) => shape.at(axes[i]!));
  const length = lengths[0];
  if (length === undefined || length === 0 || lengths.some((other) => other !== length)) throw neverRuns(call);
  let state: readonly Value[] = Array.from({ length: stateCount }, (_, i) => inputValue(call, i));
  const rounds: (readonly Value[])[] = [];
  while (rounds.length < length) {
    const round = rounds.length;
    const parts = inputs.map((input, i) => {
      const index = call.graph.constant("int64", [], [reversed[i] ? length - 1 - round : round]);
      return call.emit("Gather", [input, index], { axis: axes[i]! });
    });
    const results = call.run(body, [...state, ...parts], `${round}`);
    state = results.slice(0, stateCount);
    rounds.push(results);
  }
  return [...state, ...scanOutputs(call, collect(rounds, stateCount))];
}

function scanOutputs(call: StructureCall, collected: readonly (readonly Tensor[])[]): Tensor[] {
  const axes = integers(call, "scan_output_axes", collected.length);
  const reversed = integers(call, "scan_output_directions", collected.length);
  return collected.map((items, i) => stacked(call, reversed[i] ? [...items].reverse() : items, axes[i]!));
}

export const loops: readonly Structure[] = [
  { op: "Loop", bodies: ["body"], expand: expandLoop },
  { op: "Scan", bodies: ["body"], expand: expandScan },
];
