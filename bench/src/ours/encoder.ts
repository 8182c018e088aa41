import { ops, sgd, type Tensor } from "@limbeck/graph";
import type { Trainer } from "../process/trainer.js";
import type { Problem } from "../row.js";
import { type Architecture, distillationTrainer, type Weights } from "./trainer.js";

const EPS = 1e-12;

function forward(weights: Weights, tokens: Tensor, layers: number, heads: number): Tensor {
  const [batch, length] = tokens.shape as [number, number];
  const width = weights["embeddings.word.weight"]!.shape[1]!;
  const linear = (x: Tensor, name: string) => ops.linear(x, weights[`${name}.weight`]!, weights[`${name}.bias`]);
  const norm = (x: Tensor, name: string) =>
    ops.layerNorm(x, weights[`${name}.weight`]!, weights[`${name}.bias`], { eps: EPS });
  const split = (x: Tensor) => ops.transpose(ops.reshape(x, [batch, length, heads, width / heads]), [0, 2, 1, 3]);
  const attention = (x: Tensor, name: string) => {
    const [q, k, v] = ["query", "key", "value"].map((part) => split(linear(x, `${name}.${part}`)));
    const mixed = ops.transpose(ops.scaledDotProductAttention(q!, k!, v!), [0, 2, 1, 3]);
    return linear(ops.reshape(mixed, [batch * length, width]), `${name}.output`);
  };
  const embedded = ops.add(
    ops.gather(weights["embeddings.word.weight"]!, tokens),
    weights["embeddings.position.weight"]!,
  );
  let x = norm(ops.reshape(embedded, [batch * length, width]), "embeddings.norm");
  for (let layer = 0; layer < layers; layer++) {
    const name = `layer.${layer}`;
    x = norm(ops.add(x, attention(x, `${name}.attention`)), `${name}.attention.norm`);
    const inner = ops.gelu(linear(x, `${name}.intermediate`));
    x = norm(ops.add(x, linear(inner, `${name}.output`)), `${name}.norm`);
  }
  const first = ops.slice(ops.reshape(x, [batch, length, width]), [0], [1], [1]);
  return linear(ops.reshape(first, [batch, width]), "classifier");
}

export const encoder: Architecture = {
  student: (weights, { tokens }, { layers, heads }) => ({ logits: forward(weights, tokens!, layers!, heads!) }),
  teacher: (weights, { tokens }, { teacherLayers, heads }) => forward(weights, tokens!, teacherLayers!, heads!),
  teacherWeights: "fed",
  optimizer: ({ momentum }) => sgd({ momentum: momentum! }),
};

/** Our training step of a text encoder. */
export const start = (problem: Problem): Promise<Trainer> => distillationTrainer(problem, encoder);
