import { type Node, ops, type QuantizationPlan, quantizationPlan, quantizeStatic, type Tensor } from "@limbeck/graph";
import type { ImageGeometry } from "../data/dataset.js";
import { INPUT, toOnnxModel } from "../models/inference.js";
import { type ForwardResult, initialize, type Model } from "../models/model.js";
import { LimbeckError } from "../support/errors.js";
import type { QuantizeTraining } from "./options.js";
import { learnedRanges, Ranges, type RangeTimes, rangeBuffers } from "./ranges.js";
import { Replay, type Trace, traced } from "./trace.js";

/**
 * A model that trains as if weights and activations were whole numbers, and is exported so, by the ranges that it has
 * learned. Numbers are rounded at the very places at which `quantizeStatic` rounds them in the exported file. Batch
 * normalization behind a layer is folded into its weights by running statistics before they are rounded, and taken out of
 * the result again, so that it normalizes by the batch in training; outside of training both cancel, and what is left is
 * the exported layer. Jacob et al. 2018, section 3; Krishnamoorthi 2018, section 3.2.2; PyTorch's `ConvBn2d`.
 * @param steps of the whole training
 * @throws LimbeckError RECIPE_INVALID where the model trains in another form than it is exported in
 */
export function quantizeAware(model: Model, geometry: ImageGeometry, options: QuantizeTraining, steps: number): Model {
  const { channels, height, width } = geometry;
  if (model.deployed) throw unfit(model, "it trains in another form than it is exported in");
  const weightBits = options.weights;
  const plan = quantizationPlan(toOnnxModel(model, geometry, initialize(model, 0)), { weightBits });
  const exported = traced(model, [1, channels, height, width], false);
  const places = new Places(model, plan, exported);
  const times = { start: Math.round(options.start * steps), freeze: Math.round(options.freeze * steps) };
  const observed = [...plan.values].flatMap(([name, root]) => (name === root ? [name] : []));
  return {
    ...model,
    buffers: [...model.buffers, ...rangeBuffers(observed)],
    forward: (images, weights, training) => {
      const trace = traced(model, images.shape, training);
      return new RoundedPass(trace, places.in(trace), { weights, training, times, weightBits }).run(images);
    },
    deployed: {
      model,
      convert: (values) => values,
      finish: (file, values) => quantizeStatic(file, learnedRanges(observed, values), { weightBits }),
    },
  };
}

function unfit({ family }: Model, reason: string): LimbeckError {
  return new LimbeckError("RECIPE_INVALID", `${family} cannot be trained for 8 bits: ${reason}`, {
    where: "student.quantize",
    value: family,
    fix: "Choose another student, or leave quantize out and quantize the exported file: limbeck quantize.",
  });
}

/** A layer's weight, and the normalization that is folded into it. */
interface Layer {
  /** Axis of its output channels. */
  readonly axis: number | undefined;
  /** As the exported pass has it: its inputs are the parameters themselves. */
  readonly norm: Node | undefined;
}

/** What happens at the nodes of a pass. */
interface PlacesInPass {
  readonly layers: ReadonlyMap<Node, Layer>;
  /** Values that are rounded, and their names in the exported file. */
  readonly rounded: ReadonlyMap<Tensor, string>;
  /** Those of them that all readers take rounded. */
  readonly made: ReadonlySet<Tensor>;
  /** Nodes that run in floating point: they take other values as they are. */
  readonly exact: ReadonlySet<Node>;
}

/** Where the exported file rounds, and what these places are in passes. */
class Places {
  readonly #model: Model;
  readonly #plan: QuantizationPlan;
  readonly #exported: Trace;

  constructor(model: Model, plan: QuantizationPlan, exported: Trace) {
    this.#model = model;
    this.#plan = plan;
    this.#exported = exported;
    const known = new Set([INPUT, ...exported.nodes.flatMap(({ outputs }) => outputs.map(({ name }) => name))]);
    const lost = [...plan.values.keys()].find((name) => !known.has(name));
    if (lost !== undefined) throw unfit(model, `its exported file has a value ${lost} that its training has not`);
  }

  in(trace: Trace): PlacesInPass {
    const { nodes } = this.#exported;
    if (nodes.map(({ op }) => op).join() !== trace.nodes.map(({ op }) => op).join()) {
      throw unfit(this.#model, "in training it is made of other nodes");
    }
    const twins = new Map(trace.nodes.map((node, i) => [node, nodes[i]!]));
    const layers = new Map(trace.nodes.flatMap((node): [Node, Layer][] => this.#layerOf(twins.get(node)!, node)));
    const exact = [...twins].flatMap(([node, twin]) =>
      layers.has(node) || this.#plan.nodes.has(twin.outputs[0]!.name) ? [] : [node],
    );
    const named = [...twins].flatMap(([{ outputs }, twin]) =>
      twin.outputs.map(({ name }, i) => [outputs[i]!, name] as const),
    );
    const all = [[trace.images, INPUT] as const, ...named];
    return {
      layers,
      rounded: new Map(all.filter(([, name]) => this.#plan.values.get(name) === name)),
      made: new Set(all.filter(([, name]) => this.#plan.made.has(name)).map(([tensor]) => tensor)),
      exact: new Set(exact),
    };
  }

  #layerOf(twin: Node, node: Node): [Node, Layer][] {
    const weight = twin.inputs[1];
    if (!weight || !["Conv", "Gemm", "MatMul"].includes(twin.op) || !this.#plan.weights.has(weight.name)) return [];
    this.#requireBareInput(twin);
    const [reader, ...others] = this.#readers(twin.outputs[0]!);
    const isFolded =
      reader?.op === "BatchNormalization" && others.length === 0 && this.#plan.nodes.has(reader.outputs[0]!.name);
    return [[node, { axis: this.#plan.weights.get(weight.name), norm: isFolded ? reader : undefined }]];
  }

  /** A normalization in front of a layer may have gone into its weights. */
  #requireBareInput({ inputs }: Node): void {
    const source = inputs[0]!.source;
    if (source.kind !== "node" || source.node.op !== "BatchNormalization") return;
    if (this.#plan.nodes.has(source.node.outputs[0]!.name) || this.#readers(inputs[0]!).length > 1) return;
    throw unfit(this.#model, "a batch normalization stands in front of a layer");
  }

  #readers(tensor: Tensor): Node[] {
    return this.#exported.nodes.filter(({ inputs }) => inputs.includes(tensor));
  }
}

interface PassOptions {
  readonly weights: Readonly<Record<string, Tensor>>;
  readonly training: boolean;
  readonly times: RangeTimes;
  readonly weightBits: 4 | 8;
}

/** A pass that is repeated with rounded numbers. */
class RoundedPass {
  readonly #trace: Trace;
  readonly #places: PlacesInPass;
  readonly #largest: number;
  readonly #replay: Replay;
  readonly #ranges: Ranges;
  readonly #rounded = new Map<Tensor, Tensor>();

  constructor(trace: Trace, places: PlacesInPass, { weights, training, times, weightBits }: PassOptions) {
    this.#trace = trace;
    this.#places = places;
    this.#largest = 2 ** (weightBits - 1) - 1;
    this.#replay = new Replay(Object.values(weights)[0]!.graph, weights);
    this.#ranges = new Ranges(weights, times, training);
  }

  run(images: Tensor): ForwardResult {
    const { graph, result } = this.#trace;
    this.#keep(this.#trace.images, images);
    for (const node of graph.nodes) {
      const inputs = node.inputs.map((input) => input && this.#taken(input, this.#places.exact.has(node)));
      const layer = this.#places.layers.get(node);
      const outputs = layer ? [this.#layer(node, layer, inputs)] : this.#replay.emit(node, inputs);
      for (const [i, output] of node.outputs.entries()) this.#keep(output, outputs[i]!);
    }
    const seen = (tensors: Readonly<Record<string, Tensor>>) =>
      Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, this.#taken(tensor, true)]));
    return {
      logits: this.#taken(result.logits, true),
      taps: seen(result.taps),
      buffers: { ...seen(result.buffers), ...this.#ranges.buffers },
    };
  }

  #keep(tensor: Tensor, value: Tensor): void {
    this.#replay.set(tensor, value);
    const name = this.#places.rounded.get(tensor);
    if (name !== undefined) this.#rounded.set(tensor, this.#ranges.rounded(name, value));
  }

  /** @param isExact whether it is taken by what runs in floating point */
  #taken(tensor: Tensor, isExact: boolean): Tensor {
    const rounded = isExact && !this.#places.made.has(tensor) ? undefined : this.#rounded.get(tensor);
    return rounded ?? this.#replay.of(tensor);
  }

  #layer(node: Node, { axis, norm }: Layer, [x, weight, bias]: readonly (Tensor | undefined)[]): Tensor {
    const rounded = (exact: Tensor) => this.#ranges.gated(exact, ops.fakeQuantizeWeight(exact, this.#largest, axis));
    if (!norm) return this.#replay.emit(node, [x, rounded(weight!), bias])[0]!;
    const factor = this.#factor(norm);
    const along = (tensor: Tensor, rank: number, place: number) =>
      ops.reshape(
        tensor,
        Array.from({ length: rank }, (_, i) => (i === place ? tensor.shape[0]! : 1)),
      );
    const folded = rounded(ops.mul(weight!, along(factor, weight!.shape.length, axis!)));
    const sums = this.#replay.emit(node, [x, folded])[0]!;
    const plain = ops.div(sums, along(factor, sums.shape.length, 1));
    return bias ? ops.add(plain, along(bias, sums.shape.length, 1)) : plain;
  }

  /** What running statistics make of a channel; never 0, by which nothing could be divided. */
  #factor({ inputs, attributes }: Node): Tensor {
    const [scale, variance] = [inputs[1]!, inputs[4]!].map((tensor) => ops.detach(this.#replay.of(tensor)));
    const factor = ops.div(scale!, ops.sqrt(ops.add(variance!, Number(attributes.epsilon ?? 1e-5))));
    return ops.where(ops.less(ops.abs(factor), LEAST_FACTOR), factor.graph.scalar(LEAST_FACTOR), factor);
  }
}

const LEAST_FACTOR = 1e-8;
