import type { Node, Tensor } from "@limbeck/graph";
import type { Model } from "../models/model.js";
import { type Trace, traced } from "./trace.js";

/** A tensor that gets smaller with a group of channels. */
export interface Part {
  readonly name: string;
  readonly axis: number;
  /** Neighbors along the axis that belong to one channel: pixels of maps that were flattened. */
  readonly repeat: number;
}

/** Channels that one layer makes and others take. */
export interface ChannelGroup {
  /** The weight of the layer that makes them, [channels, …]. */
  readonly weight: string;
  readonly channels: number;
  /** The factors of the normalization behind it. */
  readonly scale: string | undefined;
  /** What gets smaller beside the makers' weight, where channels are made. */
  readonly makers: readonly Part[];
  /** Weights that take them: without their part, a channel is worth nothing. */
  readonly takers: readonly Part[];
}

export interface ChannelGroups {
  readonly groups: readonly ChannelGroup[];
  /** Why channels of other layers stay, by the names of their weights. */
  readonly excluded: ReadonlyMap<string, string>;
}

/** Act on each channel alone, and keep their order. */
const CHANNELWISE = new Set(
  "Relu Clip LeakyRelu Elu Sigmoid Tanh HardSwish HardSigmoid Identity MaxPool AveragePool GlobalAveragePool".split(
    " ",
  ),
);

/** Finds the channels that can be taken out of a model without a change of the others. @param shape of an image, [1, C, H, W] */
export function channelGroups(model: Model, shape: readonly number[]): ChannelGroups {
  const trace = traced(model, shape, false);
  const finder = new GroupFinder(trace, new Set(model.parameters.map(({ name }) => name)));
  const groups: ChannelGroup[] = [];
  const excluded = new Map<string, string>();
  for (const node of trace.nodes) {
    const weight = node.inputs[1];
    if (!weight || !isLayer(node) || groupOf(node) !== 1) continue;
    const found = finder.find(node, weight);
    if (typeof found === "string") excluded.set(weight.name, found);
    else groups.push(found);
  }
  return { groups, excluded };
}

const isLayer = ({ op, attributes }: Node) => op === "Conv" || (op === "Gemm" && attributes.transB === 1);
const groupOf = ({ attributes }: Node) => Number(attributes.group ?? 1);

class GroupFinder {
  readonly #trace: Trace;
  readonly #parameters: ReadonlySet<string>;

  constructor(trace: Trace, parameters: ReadonlySet<string>) {
    this.#trace = trace;
    this.#parameters = parameters;
  }

  /** @returns why the channels must stay, where they must */
  find(node: Node, weight: Tensor): ChannelGroup | string {
    if (!this.#isOwn(weight)) return "its weight is shared, or is no parameter";
    const makers: Part[] = [weight, ...node.inputs.slice(2)].flatMap((input) => (input ? [vector(input)] : []));
    const takers: Part[] = [];
    const problem = this.#follow(node.outputs[0]!, 1, makers, takers);
    if (problem !== undefined) return problem;
    const [reader] = this.#readers(node.outputs[0]!);
    const scale = reader?.op === "BatchNormalization" ? reader.inputs[1]!.name : undefined;
    return { weight: weight.name, channels: weight.shape[0]!, scale, makers, takers };
  }

  /** Follows channels to those who take them. @returns what is in the way */
  #follow(value: Tensor, repeat: number, makers: Part[], takers: Part[]): string | undefined {
    if (value === this.#trace.result.logits) return "they are the answers";
    for (const node of this.#readers(value)) {
      const [weight, bias] = [node.inputs[1], node.inputs[2]];
      if (isLayer(node) && groupOf(node) === 1) {
        if (!this.#isOwn(weight!) || node.inputs[0] !== value) return "a layer behind it shares its weight";
        takers.push({ name: weight!.name, axis: 1, repeat });
        continue;
      }
      const factor = this.#passes(node, value, repeat);
      if (typeof factor === "string") return factor;
      if (node.op === "BatchNormalization") makers.push(...node.inputs.slice(1).map((input) => vector(input!)));
      if (isLayer(node)) makers.push(...[weight, bias].flatMap((input) => (input ? [vector(input)] : [])));
      const problem = this.#follow(node.outputs[0]!, factor, makers, takers);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  /** @returns neighbors of a channel behind a node, or why channels do not come through it */
  #passes(node: Node, value: Tensor, repeat: number): number | string {
    const { op, attributes, inputs } = node;
    const isDepthwise = op === "Conv" && groupOf(node) === value.shape[1] && inputs[1]!.shape[0] === value.shape[1];
    if (isDepthwise && this.#isOwn(inputs[1]!)) return repeat;
    if (op === "BatchNormalization") {
      return inputs.slice(1).every((input) => input!.source.kind === "parameter")
        ? repeat
        : "its normalization has constants";
    }
    if (CHANNELWISE.has(op)) return repeat;
    if (op === "Flatten" && Number(attributes.axis ?? 1) === 1) {
      return repeat * value.shape.slice(2).reduce((product, size) => product * size, 1);
    }
    return op === "Add" ? "they are added to others (a residual connection)" : `they go through ${op}`;
  }

  #isOwn(weight: Tensor): boolean {
    return this.#parameters.has(weight.name) && this.#readers(weight).length === 1;
  }

  #readers(tensor: Tensor): Node[] {
    return this.#trace.nodes.filter(({ inputs }) => inputs.includes(tensor));
  }
}

const vector = ({ name }: Tensor): Part => ({ name, axis: 0, repeat: 1 });
