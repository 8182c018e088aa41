import { createGraph, type Graph, type Node, type Shape, type Tensor } from "@limbeck/graph";
import { declareTensors, type ForwardResult, type Model } from "../models/model.js";

/** A forward pass in a graph of its own. */
export interface Trace {
  readonly graph: Graph;
  readonly images: Tensor;
  readonly result: ForwardResult;
  /** Nodes that the answers need and that the pass has in training and out of it, in order: not dropout's, nor the copies of running statistics. */
  readonly nodes: readonly Node[];
}

/** @param shape of the images, [N, C, H, W] */
export function traced(model: Model, shape: Shape, training: boolean): Trace {
  const graph = createGraph();
  const images = graph.input("images", "float32", shape);
  const result = model.forward(images, declareTensors(model, graph), training);
  return { graph, images, result, nodes: needed(graph, result.logits).filter((node) => !isOfTraining(node)) };
}

function needed({ nodes }: Graph, root: Tensor): Node[] {
  const wanted = new Set([root]);
  const found = [...nodes].reverse().filter(({ inputs, outputs }) => {
    const isNeeded = outputs.some((output) => wanted.has(output));
    if (isNeeded) for (const input of inputs) if (input) wanted.add(input);
    return isNeeded;
  });
  return found.reverse();
}

function isOfTraining({ detached, inputs }: Node): boolean {
  const sources = inputs.flatMap((input) => (input ? [input.source] : []));
  return (
    detached || sources.some((source) => source.kind === "random" || (source.kind === "node" && source.node.detached))
  );
}

/** A pass that is repeated in another graph. */
export class Replay {
  readonly #target: Graph;
  readonly #weights: Readonly<Record<string, Tensor>>;
  readonly #values = new Map<Tensor, Tensor>();

  /** @param weights what stands for parameters, by name */
  constructor(target: Graph, weights: Readonly<Record<string, Tensor>>) {
    this.#target = target;
    this.#weights = weights;
  }

  set(tensor: Tensor, value: Tensor): void {
    this.#values.set(tensor, value);
  }

  /** What stands for a value. */
  of(tensor: Tensor): Tensor {
    const known = this.#values.get(tensor) ?? this.#leaf(tensor);
    this.#values.set(tensor, known);
    return known;
  }

  emit({ op, attributes, detached, outputCount }: Node, inputs: readonly (Tensor | undefined)[]): Tensor[] {
    return this.#target.emit(op, inputs, attributes, { detached, outputCount });
  }

  #leaf({ name, source, dtype, shape }: Tensor): Tensor {
    if (source.kind === "constant") return this.#target.constant(dtype, shape, source.data);
    if (source.kind === "random") return this.#target.random(dtype, shape, source.fill);
    return this.#weights[name]!;
  }
}
