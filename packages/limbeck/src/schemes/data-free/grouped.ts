import type { Optimizer, OptimizerEntry, OptimizerUpdate, Tensor } from "@limbeck/graph";

/** Parameters that are updated alike. */
export interface Group {
  readonly parameters: readonly Tensor[];
  readonly optimizer: Optimizer;
  /** Learning rate as a multiple of the common one. Default 1. */
  readonly rate?: number;
}

/** An optimizer that treats groups of parameters differently. A slot that a group has no use for stays zero. */
export function grouped(groups: readonly Group[]): Optimizer {
  const own = (all: Readonly<Record<string, Tensor>>, prefix: string) =>
    Object.fromEntries(
      Object.entries(all).flatMap(([name, value]) =>
        name.startsWith(prefix) ? [[name.slice(prefix.length), value] as const] : [],
      ),
    );
  return {
    name: groups.map(({ optimizer }) => optimizer.name).join("+"),
    slots: [...new Set(groups.flatMap(({ optimizer }) => optimizer.slots))],
    isElementwise: false,
    scalars: (step, learningRate) =>
      Object.fromEntries(
        groups.flatMap(({ optimizer, rate = 1 }, g) =>
          Object.entries(optimizer.scalars(step, learningRate * rate)).map(([name, value]) => [`${g}/${name}`, value]),
        ),
      ),
    update: (entries, scalars) => {
      const updates = new Map<OptimizerEntry, OptimizerUpdate>();
      for (const [g, { parameters, optimizer }] of groups.entries()) {
        const members = entries.filter(({ parameter }) => parameters.includes(parameter));
        for (const [i, { parameter, slots }] of optimizer.update(members, own(scalars, `${g}/`)).entries()) {
          updates.set(members[i]!, { parameter, slots: { ...members[i]!.slots, ...slots } });
        }
      }
      return entries.map((entry) => updates.get(entry)!);
    },
  };
}
