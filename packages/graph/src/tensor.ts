import type { DType, TypedArray } from "./dtype.js";
import type { Graph } from "./graph.js";
import type { Shape } from "./shape.js";

/** Element type and static shape of a value. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** How the runtime fills a random input anew for each step. */
export type RandomFill =
  /** Each element is `1 / keep` with probability `keep` in (0, 1], else 0: an inverted-dropout mask. */
  | { readonly kind: "dropout-mask"; readonly keep: number }
  /** Each element is a whole number, 0 … `below` - 1, all equally probable. */
  | { readonly kind: "integers"; readonly below: number };

/** Where a value comes from. */
export type TensorSource =
  | { readonly kind: "input" }
  | { readonly kind: "parameter" }
  | { readonly kind: "random"; readonly fill: RandomFill }
  | { readonly kind: "constant"; readonly data: TypedArray }
  | { readonly kind: "node"; readonly node: Node; readonly index: number };

/** A value of a graph: a name, an element type and a static shape; the numbers exist only when the graph runs. */
export class Tensor implements TensorType {
  readonly graph: Graph;
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly source: TensorSource;

  constructor(graph: Graph, name: string, type: TensorType, source: TensorSource) {
    this.graph = graph;
    this.name = name;
    this.dtype = type.dtype;
    this.shape = type.shape;
    this.source = source;
  }
}

export type Attribute = number | string | readonly number[] | readonly string[];
export type Attributes = Readonly<Record<string, Attribute>>;

/** One application of an operator. */
export interface Node {
  readonly name: string;
  readonly op: string;
  /** `undefined` stands for an optional input that is left out. */
  readonly inputs: readonly (Tensor | undefined)[];
  readonly outputs: readonly Tensor[];
  readonly attributes: Attributes;
  /** The reverse walk stops here. */
  readonly detached: boolean;
  /** How many outputs were asked for; `undefined` for those that the operator always has. */
  readonly outputCount: number | undefined;
}
