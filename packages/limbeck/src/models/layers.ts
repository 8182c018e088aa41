import { createGraph, ops, type Tensor } from "@limbeck/graph";
import type { ImageGeometry } from "../data/dataset.js";
import { constant, type InitialValues, pytorchDefault } from "./initial.js";
import type { ForwardResult, Model, TensorSpec } from "./model.js";

/** How the first values of a weight depend on its shape, [out, in / groups, ...kernel], and its groups. */
type WeightInit = (shape: readonly number[], groups: number) => InitialValues;

/** Options of {@link Layers.conv}. */
export interface ConvLayer {
  /** Side of the filters. Default 3. */
  readonly kernel?: number;
  /** Default 1. */
  readonly stride?: number;
  /** Default: half of the kernel, rounded down, which keeps the size at stride 1. */
  readonly padding?: number;
  /** Default 1. */
  readonly groups?: number;
  /** Default `false`: batch normalization has one. */
  readonly bias?: boolean;
}

/** Options of {@link Layers.batchNorm}. */
export interface NormLayer {
  /** Default: the family's. */
  readonly eps?: number;
  /** Whether it has a scale and a shift of its own. Default `true`. */
  readonly affine?: boolean;
}

/** First values of a family's layers. */
export interface LayerInits {
  /** Default: PyTorch's. */
  readonly conv?: WeightInit;
  /** Default: that of the weight, which is PyTorch's. */
  readonly convBias?: InitialValues;
  /** Default: PyTorch's. */
  readonly linear?: WeightInit;
  /** Default: that of the weight, which is PyTorch's. */
  readonly linearBias?: InitialValues;
  /** Epsilon of batch normalization. Default 1e-5. */
  readonly eps?: number;
  /** Share of the batch in the running statistics of batch normalization. Default 0.1. */
  readonly momentum?: number;
}

/**
 * PyTorch's modules as functions: each asks for its parameters by name and emits its nodes, so that a model is written once,
 * as its forward pass.
 */
export class Layers {
  readonly training: boolean;
  readonly #weight: (spec: TensorSpec, isBuffer: boolean) => Tensor;
  readonly #inits: LayerInits;
  readonly #next: Record<string, Tensor> = {};

  constructor(inits: LayerInits, training: boolean, weight: (spec: TensorSpec, isBuffer: boolean) => Tensor) {
    this.#inits = inits;
    this.training = training;
    this.#weight = weight;
  }

  /** Next values of all buffers that were met. */
  get buffers(): Readonly<Record<string, Tensor>> {
    return this.#next;
  }

  /** A parameter of its own. */
  parameter(name: string, shape: readonly number[], init: InitialValues): Tensor {
    return this.#weight({ name, shape, init }, false);
  }

  /** `Conv2d`. @param x [N, C, H, W] */
  conv(name: string, x: Tensor, out: number, options: ConvLayer = {}): Tensor {
    const { kernel = 3, stride = 1, padding = Math.floor(kernel / 2), groups = 1, bias = false } = options;
    const shape = [out, x.shape[1]! / groups, kernel, kernel];
    const weight = this.parameter(`${name}.weight`, shape, (this.#inits.conv ?? pytorchDefault)(shape, groups));
    const biasInit = this.#inits.convBias ?? pytorchDefault(shape);
    const shift = bias ? this.parameter(`${name}.bias`, [out], biasInit) : undefined;
    return ops.conv(x, weight, shift, { stride, padding, groups });
  }

  /** `BatchNorm2d`. @param x [N, C, …] */
  batchNorm(name: string, x: Tensor, options: NormLayer = {}): Tensor {
    const { eps = 1e-5, momentum = 0.1, affine = true } = { ...this.#inits, ...options };
    const shape = [x.shape[1]!];
    const scale = (key: string, value: number) =>
      affine
        ? this.parameter(`${name}.${key}`, shape, constant(value))
        : x.graph.constant("float32", shape, new Float32Array(shape[0]!).fill(value));
    const buffer = (key: string, value: number) =>
      this.#weight({ name: `${name}.${key}`, shape, init: constant(value) }, true);
    const state = {
      weight: scale("weight", 1),
      bias: scale("bias", 0),
      runningMean: buffer("running_mean", 0),
      runningVar: buffer("running_var", 1),
    };
    const result = ops.batchNorm(x, state, { eps, momentum, training: this.training });
    this.#next[`${name}.running_mean`] = result.nextMean;
    this.#next[`${name}.running_var`] = result.nextVar;
    return result.output;
  }

  /** `Linear`, over the last axis. @param x [N, features] or [N, tokens, features] */
  linear(name: string, x: Tensor, out: number, inits: LayerInits = this.#inits): Tensor {
    const shape = [out, x.shape.at(-1)!];
    const weight = this.parameter(`${name}.weight`, shape, (inits.linear ?? pytorchDefault)(shape, 1));
    const bias = this.parameter(`${name}.bias`, [out], inits.linearBias ?? pytorchDefault(shape));
    if (x.shape.length === 2) return ops.linear(x, weight, bias);
    const rows = ops.linear(ops.reshape(x, [-1, shape[1]!]), weight, bias);
    return ops.reshape(rows, [-1, x.shape[1]!, out]);
  }

  /** `LayerNorm` over the last axis. */
  layerNorm(name: string, x: Tensor, eps: number): Tensor {
    const shape = [x.shape.at(-1)!];
    const weight = this.parameter(`${name}.weight`, shape, constant(1));
    return ops.layerNorm(x, weight, this.parameter(`${name}.bias`, shape, constant(0)), { eps });
  }

  /** `Dropout`, in training. */
  dropout(x: Tensor, p: number): Tensor {
    return this.training ? ops.dropout(x, p) : x;
  }

  /** Stochastic depth, in training: of some samples nothing is left (Huang et al. 2016, scaled as in timm). @param x [N, …] */
  dropPath(x: Tensor, p: number): Tensor {
    if (!this.training || p === 0) return x;
    const shape = x.shape.map((size, axis) => (axis === 0 ? size : 1));
    return ops.mul(x, x.graph.random(x.dtype, shape, { kind: "dropout-mask", keep: 1 - p }));
  }
}

/** A forward pass written on {@link Layers}. */
export type Body = (layers: Layers, images: Tensor) => Omit<ForwardResult, "buffers">;

/** Makes a model of its forward pass: what it asks for, in this order, are its parameters and buffers. */
export function traceModel(family: string, geometry: ImageGeometry, body: Body, inits: LayerInits = {}): Model {
  const [parameters, buffers]: [TensorSpec[], TensorSpec[]] = [[], []];
  const graph = createGraph();
  const layers = new Layers(inits, false, (spec, isBuffer) => {
    (isBuffer ? buffers : parameters).push(spec);
    return graph.parameter(spec.name, "float32", spec.shape);
  });
  const { channels, height, width } = geometry;
  body(layers, graph.input("images", "float32", [1, channels, height, width]));
  return {
    family,
    parameters,
    buffers,
    forward: (images, weights, training) => {
      const pass = new Layers(inits, training, ({ name }) => weights[name]!);
      return { ...body(pass, images), buffers: pass.buffers };
    },
  };
}
