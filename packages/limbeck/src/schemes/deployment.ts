import { createGraph, sizeOf, type Tensor } from "@limbeck/graph";
import type { ImageGeometry } from "../data/dataset.js";
import { lossNamed } from "../losses/index.js";
import type { Loss, TeacherEnd } from "../losses/loss.js";
import { constant } from "../models/initial.js";
import { Layers } from "../models/layers.js";
import { declareTensors, type Model, type ModelValues, type TensorSpec, tensorsOf } from "../models/model.js";
import type { DistillTerm } from "../recipe/schema.js";
import { LimbeckError } from "../support/errors.js";
import { headOf } from "./heads.js";
import { type LiveTeacher, teacherForward } from "./live-teacher.js";

/** A student as it is trained, judged and exported, and the values that it takes over from the teacher, by name. */
export interface Deployment {
  readonly model: Model;
  readonly taken: ModelValues;
}

type Deploy = (layers: Layers, maps: Tensor, teacher: TeacherEnd) => Tensor;

/** What the method adds to a student: a name for it, its end, and the shapes of the teacher's. */
interface Addition {
  readonly method: string;
  readonly deploy: Deploy;
  readonly teacher: TakenEnd;
}

interface TakenEnd {
  /** [C, H, W] */
  readonly maps: readonly number[];
  readonly tensors: Readonly<Record<"weight" | "bias", Tensor | undefined>>;
}

/**
 * The student that terms make of a model: the model itself, unless a method is deployed with it.
 * @throws LimbeckError RECIPE_INVALID where two methods are; FEATURE_MISMATCH where networks do not end as it needs
 */
export function deployment(
  model: Model,
  terms: readonly DistillTerm[],
  liveTeacher: LiveTeacher | undefined,
  geometry: ImageGeometry,
): Deployment {
  const deployed = terms.filter(({ loss }) => lossNamed(String(loss)).deploy);
  if (deployed.length > 1) throw twice(deployed);
  const [term] = deployed;
  if (!term) return { model, taken: {} };
  const record = lossNamed(String(term.loss));
  const { loss: _, weight: __, schedule: ___, ...rest } = term;
  const options = record.options.parse(rest);
  const addition: Addition = {
    method: record.name,
    teacher: teacherEnd(record.name, liveTeacher!, geometry),
    deploy: (...given) => (record as Required<Loss>).deploy(...given, options),
  };
  const entries = Object.entries(addition.teacher.tensors).flatMap(([name, tensor]) =>
    tensor?.source.kind === "constant" ? [[takenName(addition, name), tensor.source.data as Float32Array]] : [],
  );
  return { model: extended(model, addition, geometry), taken: Object.fromEntries(entries) };
}

function twice(terms: readonly DistillTerm[]): LimbeckError {
  const names = terms.map(({ loss }) => loss);
  return new LimbeckError("RECIPE_INVALID", `a student can be deployed with one method, not with ${names.join(", ")}`, {
    where: "distill",
    value: names,
    fix: "Keep one of these terms.",
  });
}

/** The end of the teacher, in a graph of its own. Its weights are constants where their values are known. */
function teacherEnd(method: string, teacher: LiveTeacher, { channels, height, width }: ImageGeometry): TakenEnd {
  const images = createGraph().input("images", "float32", [1, channels, height, width]);
  const { maps, weight, bias } = headOf(method, "teacher", teacherForward(teacher, images));
  return { maps: maps.shape.slice(1), tensors: { weight, bias } };
}

const takenName = ({ method }: Addition, name: string) => `${method}.classifier.${name}`;

/** A model whose answers the method gives, from its last maps; its own linear layer is gone. */
function extended(model: Model, addition: Addition, geometry: ImageGeometry): Model {
  const { parameters, buffers, frozen, own } = partsOf(model, addition, geometry);
  const { method, deploy } = addition;
  const result: Model = {
    family: `${model.family}-${method}`,
    parameters,
    buffers,
    frozen,
    forward: (images, weights, training) => {
      const standIns = own.map(({ name, shape }) => [name, images.graph.constant("float32", shape, zeros(shape))]);
      const inner = model.forward(images, { ...weights, ...Object.fromEntries(standIns) }, training);
      const { maps } = headOf(method, "student", inner);
      const layers = new Layers({}, training, ({ name }) => weights[`${method}.${name}`]!);
      const logits = deploy(layers, maps, endOf(addition, weights));
      return { logits, taps: inner.taps, buffers: { ...inner.buffers, ...prefixed(method, layers.buffers) } };
    },
  };
  return model.deployed ? { ...result, deployed: alsoDeployed(model.deployed, addition, geometry) } : result;
}

/** The deployed form of the model, extended in the same way. */
function alsoDeployed({ model, convert }: NonNullable<Model["deployed"]>, addition: Addition, geometry: ImageGeometry) {
  const whole = extended(model, addition, geometry);
  return { model: whole, convert: (values: ModelValues) => ({ ...values, ...convert(values) }) };
}

/** What an extended model is made of, found by a trace; `own` is the linear layer that it does without. */
function partsOf(model: Model, addition: Addition, { channels, height, width }: ImageGeometry) {
  const graph = createGraph();
  const images = graph.input("images", "float32", [1, channels, height, width]);
  const { method, deploy, teacher } = addition;
  const head = headOf(method, "student", model.forward(images, declareTensors(model, graph), false));
  const left = [head.weight.name, head.bias?.name];
  const [parameters, buffers]: [TensorSpec[], TensorSpec[]] = [[], []];
  const layers = new Layers({}, false, (spec, isBuffer) => {
    const named = { ...spec, name: `${method}.${spec.name}` };
    (isBuffer ? buffers : parameters).push(named);
    return graph.parameter(named.name, "float32", named.shape);
  });
  const frozen = Object.entries(teacher.tensors).flatMap(([name, tensor]) =>
    tensor ? [{ name: takenName(addition, name), shape: tensor.shape, init: constant(0) }] : [],
  );
  const weights = frozen.map(({ name, shape }) => [name, graph.parameter(name, "float32", shape)]);
  deploy(layers, head.maps, endOf(addition, Object.fromEntries(weights)));
  return {
    parameters: [...model.parameters.filter(({ name }) => !left.includes(name)), ...parameters],
    buffers: [...model.buffers, ...buffers],
    frozen,
    own: tensorsOf(model).filter(({ name }) => left.includes(name)),
  };
}

function endOf(addition: Addition, weights: Readonly<Record<string, Tensor>>): TeacherEnd {
  const of = (name: string) => weights[takenName(addition, name)];
  return { maps: addition.teacher.maps, weight: of("weight")!, bias: of("bias") };
}

const zeros = (shape: readonly number[]) => new Float32Array(sizeOf(shape));

function prefixed<Value>(method: string, values: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${method}.${name}`, value]));
}
