import type { Graph } from "../graph.js";
import * as f from "../ops/build.js";
import type { Readers } from "../passes/nodes.js";
import type { Node, Tensor } from "../tensor.js";
import { emitPending, type Pending } from "./pending.js";

/** In which forms a value of the old graph exists in the new one. */
interface Forms {
  plain?: Tensor;
  blocked?: Tensor;
  /** How to make the blocked form. */
  pending?: Pending;
  /** Two values of the old graph whose product it is, element by element. */
  product?: readonly [Tensor, Tensor];
}

/** Keeps for each value of a graph what stands for it in a new one, and converts between the forms where one is missing. */
export class Layouts {
  readonly target: Graph;
  readonly block: number;
  readonly #readers: Readers;
  readonly #forms = new Map<Tensor, Forms>();

  constructor(target: Graph, block: number, readers: Readers) {
    this.target = target;
    this.block = block;
    this.#readers = readers;
  }

  /** Whether a value may be stored in blocks of channels. */
  fits({ dtype, shape }: Tensor): boolean {
    return dtype === "float32" && shape.length === 4 && shape[1]! % this.block === 0 && shape[1]! > 0;
  }

  /** Whether a value comes in blocks already, or soon will. */
  isBlocked(tensor: Tensor): boolean {
    const { blocked, pending, product } = this.#formsOf(tensor);
    return blocked !== undefined || pending !== undefined || product !== undefined;
  }

  /** The value as ONNX knows it. */
  plain(tensor: Tensor): Tensor {
    const forms = this.#formsOf(tensor);
    if (tensor.source.kind !== "node" && !forms.plain) forms.plain = this.target.adopt(tensor);
    forms.plain ??= f.emitOne("ReorderOutput", [this.blocked(tensor)], { channels: tensor.shape[1]! });
    return forms.plain;
  }

  /** The value in blocks; it must fit. */
  blocked(tensor: Tensor): Tensor {
    const forms = this.#formsOf(tensor);
    const { pending, product } = forms;
    if (pending && !forms.blocked) forms.blocked = emitPending(pending, tensor.shape[1]!, this.block);
    if (product) forms.blocked ??= f.mul(this.blocked(product[0]), this.blocked(product[1]));
    forms.blocked ??= f.emitOne("ReorderInput", [this.plain(tensor)]);
    return forms.blocked;
  }

  /** What may still be changed before a value is made: it is not there yet, and whoever asks is its only reader. */
  pending(tensor: Tensor): Pending | undefined {
    const { pending, blocked } = this.#formsOf(tensor);
    return blocked || this.#readers(tensor).length !== 1 ? undefined : pending;
  }

  /** The factors of a product that is not there yet. */
  product(tensor: Tensor): readonly [Tensor, Tensor] | undefined {
    const { product, blocked } = this.#formsOf(tensor);
    return blocked ? undefined : product;
  }

  readersOf(tensor: Tensor): readonly (Node | "output")[] {
    return this.#readers(tensor);
  }

  set(tensor: Tensor, forms: Forms): void {
    this.#forms.set(tensor, forms);
  }

  #formsOf(tensor: Tensor): Forms {
    const known = this.#forms.get(tensor) ?? {};
    this.#forms.set(tensor, known);
    return known;
  }
}
