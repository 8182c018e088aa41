import { formatShape } from "@limbeck/graph";
import { type Model, type ModelTensors, type ModelValues, type TensorSpec, tensorsOf } from "../models/model.js";
import { firstNames, suggestion } from "../support/nearest.js";
import type { InitialOptions } from "./initial-options.js";
import { renamer } from "./layer-map.js";
import { unfit } from "./problem.js";

/** One tensor of the student, and the donor's that it starts from. */
interface Gift {
  readonly donor: string;
  readonly shape: readonly number[];
  readonly student: TensorSpec;
}

/** Shapes of a donor's tensors, by name. */
export type DonorShapes = ReadonlyMap<string, readonly number[]>;

/** Shapes of a network's tensors, by name. */
export function shapesOf(model: ModelTensors): DonorShapes {
  return new Map(tensorsOf(model).map(({ name, shape }) => [name, shape]));
}

/**
 * Which of a student's tensors start from which of a donor's.
 * @throws LimbeckError MODEL_MISMATCH for a rule that fits nothing on one of the sides, a tensor that two rules give, and
 *   shapes that cannot be cut to the student's
 */
export function giftsOf(model: ModelTensors, donor: DonorShapes, { layers }: InitialOptions): Gift[] {
  const own = new Map([...model.parameters, ...model.buffers].map((spec) => [spec.name, spec]));
  const gifts = Object.entries(layers).flatMap(([from, to]) => giftsBy([from, to], own, donor));
  const twice = gifts.find(({ student }, i) => gifts.findIndex((gift) => gift.student === student) !== i);
  if (!twice) return gifts;
  const donors = gifts.filter(({ student }) => student === twice.student).map((gift) => gift.donor);
  throw unfit(
    "layers",
    `${twice.student.name} would start from ${donors.join(" and ")}`,
    donors,
    "Make the patterns narrower.",
  );
}

function giftsBy([from, to]: [string, string], own: ReadonlyMap<string, TensorSpec>, donor: DonorShapes): Gift[] {
  const rename = renamer(from, to);
  const renamed = [...donor].flatMap(([name, shape]): [string, readonly number[], string][] => {
    const target = rename(name);
    return target === undefined ? [] : [[name, shape, target]];
  });
  if (renamed.length === 0) throw nothing(`the donor has no tensor "${from}"`, from, [...donor.keys()]);
  const gifts = renamed.flatMap(([name, shape, target]): Gift[] => {
    const student = own.get(target);
    return student ? [{ donor: name, shape, student }] : [];
  });
  if (gifts.length === 0) {
    const asked = renamed.map(([, , target]) => target);
    throw nothing(`the student has none of ${firstNames(asked, 3)}`, to, [...own.keys()]);
  }
  for (const gift of gifts) requireFit(gift);
  return gifts;
}

function nothing(message: string, pattern: string, known: readonly string[]): Error {
  const listed = firstNames(known, 8);
  return unfit(
    "layers",
    `${message}${suggestion(pattern, known)}`,
    pattern,
    `There ${known.length === 1 ? "is" : "are"} ${listed || "no tensors"}.`,
  );
}

/** Outputs and inputs of a layer may be fewer; the places of a kernel are what they are. */
function requireFit({ donor, shape, student }: Gift): void {
  const fits =
    shape.length === student.shape.length &&
    shape.every((dim, axis) => (axis < 2 ? dim >= student.shape[axis]! : dim === student.shape[axis]));
  if (fits) return;
  throw unfit(
    "layers",
    `${donor} ${formatShape(shape)} does not give ${student.name} ${formatShape(student.shape)}: only the first of its two first axes can be taken`,
    { donor: shape, student: student.shape },
    "Leave the layer out, or make the student no wider than the donor, with kernels of one size.",
  );
}

/** The student with the donor's numbers as first values, whatever the seed. @param values of the donor, by its names */
export function withGifts(model: Model, gifts: readonly Gift[], values: ModelValues): Model {
  const given = new Map(gifts.map((gift) => [gift.student.name, firstOf(values[gift.donor]!, gift)]));
  const start = (spec: TensorSpec): TensorSpec => {
    const own = given.get(spec.name);
    return own ? { ...spec, init: { kind: "given", values: own } } : spec;
  };
  const started = { parameters: model.parameters.map(start), buffers: model.buffers.map(start) };
  const { parts } = model;
  if (!parts) return { ...model, ...started };
  return { ...model, ...started, parts: { ...parts, head: { ...parts.head, parameters: started.parameters } } };
}

/** The first outputs and inputs of a layer: [K, C, …] becomes [k, c, …]. */
function firstOf(values: Float32Array, { shape, student }: Gift): Float32Array {
  const [outputs = 1, inputs = 1, ...kernel] = student.shape;
  const places = kernel.reduce((a, b) => a * b, 1);
  const wide = shape[1] ?? 1;
  const taken = new Float32Array(outputs * inputs * places);
  for (let k = 0; k < outputs; k++) {
    const start = k * wide * places;
    taken.set(values.subarray(start, start + inputs * places), k * inputs * places);
  }
  return taken;
}
