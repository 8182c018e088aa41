import { GraphError } from "../errors.js";
import type { Graph } from "../graph.js";
import { formatShape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { add, concat, matmul, mul, reshape, slice, softmax, sub, swapLast, unsqueeze, where } from "./build.js";

/** Drowns any score, yet leaves a row that is masked altogether finite. */
const MASKED = -1e9;

/** Options of {@link scaledDotProductAttention}. */
export interface AttentionOptions {
  /** Broadcasts to [..., T, S]: truth values, `true` where a query may attend, or numbers that are added to the scores. */
  readonly mask?: Tensor;
  /** Query i attends to keys 0 … i only. Default `false`. */
  readonly causal?: boolean;
  /** Factor of the scores. Default 1 / sqrt(width). */
  readonly scale?: number;
}

/**
 * softmax(scale · q · kᵀ + mask) · v, as PyTorch's function of that name. Masks are added to the scores, so that they
 * cost nothing in the backward pass; a query that may attend nowhere attends everywhere alike.
 * @param q [..., T, width] @param k [..., S, width] @param v [..., S, widthOfValues]
 * @returns [..., T, widthOfValues]
 * @throws GraphError SHAPE_MISMATCH
 */
export function scaledDotProductAttention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
  const { graph, dtype } = q;
  const scale = options.scale ?? 1 / Math.sqrt(q.shape.at(-1)!);
  let scores = matmul(mul(q, scale), swapLast(k));
  const { mask } = options;
  if (mask) {
    const [open, closed] = [graph.scalar(0, dtype), graph.scalar(MASKED, dtype)];
    scores = add(scores, mask.dtype === "bool" ? where(mask, open, closed) : mask);
  }
  if (options.causal) scores = add(scores, causalMask(q, q.shape.at(-2)!, k.shape.at(-2)!));
  return matmul(softmax(scores), v);
}

function causalMask({ graph, dtype }: Tensor, queries: number, keys: number): Tensor {
  const values = Array.from({ length: queries * keys }, (_, i) => (i % keys > Math.floor(i / keys) ? MASKED : 0));
  return graph.constant(dtype, [queries, keys], values);
}

/** A padding mask for all heads and queries: bool [N, S], `true` for tokens, becomes [N, 1, 1, S]. */
export const paddingMask = (tokens: Tensor): Tensor => unsqueeze(tokens, [1, 2]);

/** Cosines and sines for {@link rotaryEmbedding}: two constants [length, width / 2]. `base` is 10,000 by default. */
export function rotaryTables(graph: Graph, length: number, width: number, base = 10_000): { cos: Tensor; sin: Tensor } {
  const half = width / 2;
  const angles = Array.from({ length: length * half }, (_, i) => Math.floor(i / half) * base ** (-(i % half) / half));
  return {
    cos: graph.constant("float32", [length, half], angles.map(Math.cos)),
    sin: graph.constant("float32", [length, half], angles.map(Math.sin)),
  };
}

/**
 * Rotates pairs of features by their position's angle (Su et al., RoFormer, eq. 34).
 * @param x [..., T, width]
 * @param cos broadcasts to [..., T, width / 2], like `sin`
 * @param interleaved pairs neighbors; by default feature i goes with i + width / 2, as in GPT-NeoX and Llama
 * @throws GraphError SHAPE_MISMATCH for an odd width
 */
export function rotaryEmbedding(x: Tensor, cos: Tensor, sin: Tensor, interleaved = false): Tensor {
  const width = x.shape.at(-1)!;
  const half = width / 2;
  if (!Number.isInteger(half)) {
    throw new GraphError("SHAPE_MISMATCH", `the last axis of ${formatShape(x.shape)} is odd`, { value: width });
  }
  const lead = x.shape.slice(0, -1);
  const paired = interleaved ? reshape(x, [...lead, half, 2]) : x;
  const step = interleaved ? 1 : half;
  const part = (i: number) => reshape(slice(paired, [i * step], [(i + 1) * step], [-1]), [...lead, half]);
  const [a, b] = [part(0), part(1)];
  const turned = [sub(mul(a, cos), mul(b, sin)), add(mul(b, cos), mul(a, sin))];
  if (!interleaved) return concat(turned, lead.length);
  const columns = turned.map((column) => unsqueeze(column, [-1]));
  return reshape(concat(columns, lead.length + 1), x.shape);
}
