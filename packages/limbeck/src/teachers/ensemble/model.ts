import { ops, type Tensor } from "@limbeck/graph";
import type { Model, ModelValues, TensorSpec } from "../../models/model.js";
import { combined } from "./combine.js";
import type { EnsembleRule } from "./options.js";

/** Several models as one. Everything of a member has its number before its name: `member0/conv1.weight`. */
export function ensembleModel(members: readonly Model[], rule: EnsembleRule): Model {
  return joined(members, `ensemble-${rule.combine}`, (logits) => combined(logits, rule));
}

/** Several models whose logits stand side by side, [N, members · classes]. */
export function sideBySide(members: readonly Model[]): Model {
  return joined(members, "members", (logits) => ops.concat(logits, 1));
}

/** Values of an ensemble, from its members'. */
export function ensembleValues(members: readonly ModelValues[]): ModelValues {
  return Object.assign({}, ...members.map((values, place) => named(values, place)));
}

/** Several models in one graph, whose logits become one answer. */
export function joined(members: readonly Model[], family: string, join: (logits: readonly Tensor[]) => Tensor): Model {
  const specs = (of: (member: Model) => readonly TensorSpec[]) =>
    members.flatMap((member, place) => of(member).map((spec) => ({ ...spec, name: prefix(place) + spec.name })));
  const result: Model = {
    family,
    parameters: specs(({ parameters }) => parameters),
    buffers: specs(({ buffers }) => buffers),
    frozen: specs(({ frozen = [] }) => frozen),
    builtIn: members.reduce((sum, { builtIn = 0 }) => sum + builtIn, 0),
    forward: (images, weights, training) => {
      const results = members.map((member, place) => member.forward(images, ownOf(weights, place), training));
      return {
        logits: join(results.map(({ logits }) => logits)),
        taps: Object.assign({}, ...results.map(({ taps }, place) => named(taps, place))),
        buffers: Object.assign({}, ...results.map(({ buffers }, place) => named(buffers, place))),
      };
    },
  };
  if (members.every(({ deployed }) => !deployed)) return result;
  const forms = members.map(
    ({ deployed, ...model }) => deployed ?? { model, convert: (values: ModelValues) => values },
  );
  return {
    ...result,
    deployed: {
      model: joined(
        forms.map(({ model }) => model),
        family,
        join,
      ),
      convert: (values) => ensembleValues(forms.map(({ convert }, place) => convert(ownOf(values, place)))),
    },
  };
}

const prefix = (place: number) => `member${place}/`;

function named<Value>(values: Readonly<Record<string, Value>>, place: number): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix(place) + name, value]));
}

/** What belongs to one member, under the names that it has for it. */
function ownOf<Value>(values: Readonly<Record<string, Value>>, place: number): Record<string, Value> {
  const own = prefix(place);
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (name.startsWith(own) ? [[name.slice(own.length), value]] : [])),
  );
}
