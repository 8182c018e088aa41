import { ops, type Tensor } from "@limbeck/graph";
import type { ImageGeometry } from "../../data/dataset.js";
import { bodyOf } from "../../models/body.js";
import type { Model, ModelValues } from "../../models/model.js";
import { dino } from "../../recipe/schemes/dino.js";
import type { TrainingJob } from "../job.js";
import { looksInside } from "../needs.js";
import { checkOffline, offlineJob } from "../offline.js";
import type { GraphOptions, SchemeOptions, Wiring } from "../wiring.js";
import { checkDino, dinoPretraining } from "./job.js";

/** Images without labels, and then those with labels. */
export const dinoWiring: Wiring = { job: labelledJob, pretraining: dinoPretraining, check };

function check(options: GraphOptions): void {
  checkDino(options);
  if (looksInside(options.terms)) checkOffline(options);
}

/** Learns from labels, with the features that were found without. */
function labelledJob({ pretrained = {}, ...given }: SchemeOptions): TrainingJob {
  const { frozen } = dino.options.parse(given.options);
  const model = startingFrom(given.model, pretrained);
  return offlineJob({ ...given, model: frozen ? probeOf(model, given.split.dataset) : model });
}

/** A network whose first values are given where there are some. */
function startingFrom(model: Model, given: ModelValues): Model {
  const started = <Spec extends Model["parameters"][number]>(spec: Spec): Spec => {
    const values = given[spec.name];
    return values ? { ...spec, init: { kind: "given", values } } : spec;
  };
  return { ...model, parameters: model.parameters.map(started), buffers: model.buffers.map(started) };
}

/** A network of which the last layer alone is trained: the rest answers as it will later, and stays. */
function probeOf(model: Model, geometry: ImageGeometry): Model {
  const body = bodyOf(model, geometry)!.model;
  const own = new Set(body.parameters.map(({ name }) => name));
  const part = (isBody: boolean) => model.parameters.filter(({ name }) => own.has(name) === isBody);
  const kept = (weights: Readonly<Record<string, Tensor>>) =>
    Object.fromEntries(model.buffers.map(({ name }) => [name, ops.identity(weights[name]!)]));
  return {
    ...model,
    parameters: part(false),
    frozen: [...(model.frozen ?? []), ...part(true)],
    forward: (images, weights) => ({ ...model.forward(images, weights, false), buffers: kept(weights) }),
  };
}
