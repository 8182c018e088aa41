import type { AttributeProto } from "onnx-buf";
import { GraphError } from "../errors.js";
import { Tensor } from "../tensor.js";
import type { StoredTensor } from "./stored.js";

/** A list of tensors. Lists exist while a model is read; graphs know tensors only. */
export interface Sequence {
  readonly items: readonly Tensor[];
}

/** What a name of a file stands for. */
export type Value = Tensor | Sequence;

/** Bodies inside of bodies, functions calling functions: more than this is a circle, or made to exhaust the reader. */
const DEEPEST = 64;

export interface ScopeOptions {
  readonly initializers: ReadonlyMap<string, StoredTensor>;
  /** Opset of each domain. */
  readonly opsets: ReadonlyMap<string, number>;
  /** What attributes that refer to those of a function's call stand for. */
  readonly attributes?: ReadonlyMap<string, AttributeProto>;
  /** Stands before the names of the values. Default "". */
  readonly prefix?: string;
  /** What the scope can read besides its own. */
  readonly parent?: Scope | undefined;
  readonly depth: number;
}

/** The names of one graph of a file: the model's, a branch's, one round's of a loop, one call's of a function. */
export class Scope {
  readonly options: ScopeOptions;
  readonly prefix: string;
  readonly #values = new Map<string, Value | undefined>();

  /** @throws GraphError MODEL_UNSUPPORTED where scopes nest too deep */
  constructor(options: ScopeOptions) {
    if (options.depth > DEEPEST) {
      throw new GraphError("MODEL_UNSUPPORTED", `graphs or functions are nested more than ${DEEPEST} deep`, {
        value: options.depth,
      });
    }
    this.options = options;
    this.prefix = options.prefix ?? "";
  }

  /** A missing value stands for an optional input that a call leaves out. */
  set(name: string, value: Value | undefined): void {
    this.#values.set(name, value);
  }

  /** Whether a name stands for something here or further out. */
  knows(name: string): boolean {
    return this.#values.has(name) || this.options.initializers.has(name) || (this.options.parent?.knows(name) ?? false);
  }

  /** The value of a name here or further out; or what is stored under it and was not read yet. */
  find(name: string): { readonly value: Value | undefined } | { readonly stored: StoredTensor; readonly scope: Scope } {
    if (this.#values.has(name)) return { value: this.#values.get(name) };
    const stored = this.options.initializers.get(name);
    if (stored) return { stored, scope: this };
    if (this.options.parent) return this.options.parent.find(name);
    throw new GraphError("MODEL_INVALID", `value ${name} is defined nowhere`, { value: name });
  }
}

/** @throws GraphError MODEL_INVALID for lists */
export function tensorOf(value: Value): Tensor {
  if (value instanceof Tensor) return value;
  throw new GraphError("MODEL_INVALID", "a list stands where a tensor is needed");
}
