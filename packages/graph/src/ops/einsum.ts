import { GraphError } from "../errors.js";
import { type GradientContext, gradientOf, type InferContext, type Operator, required } from "../operator.js";
import { formatShape, type Shape } from "../shape.js";
import type { Tensor, TensorType } from "../tensor.js";
import * as f from "./build.js";

const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/** An equation with its ellipses written out: one letter for each axis. */
export interface Equation {
  readonly terms: readonly string[];
  readonly output: string;
  /** Size of each letter's axis, after broadcasting. */
  readonly sizes: ReadonlyMap<string, number>;
}

function malformed(equation: string, what: string): GraphError {
  return new GraphError("ATTRIBUTE_INVALID", `equation "${equation}": ${what}`, { value: equation });
}

export function readEquation(context: InferContext): Equation {
  const text = String(context.attributes.equation ?? "").replaceAll(/\s/g, "");
  const shapes = context.inputs.map((_, i) => required(context, i).shape);
  const [left, right, ...rest] = text.split("->");
  const raw = left!.split(",");
  if (rest.length > 0 || raw.length !== shapes.length) throw malformed(text, `does not have ${shapes.length} terms`);
  for (const term of [...raw, right ?? ""]) {
    if (!/^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/.test(term)) throw malformed(text, `cannot read "${term}"`);
  }
  const dots = raw.map((term, i) => (term.includes("...") ? shapes[i]!.length - (term.length - 3) : 0));
  const spans = new Set(dots.filter((_, i) => raw[i]!.includes("...")));
  if (spans.size > 1) throw malformed(text, "every ellipsis must stand for as many axes (ONNX Runtime)");
  const shared = [...LETTERS].filter((letter) => !text.includes(letter)).slice(0, Math.max(0, ...dots));
  const written = (term: string, count: number) => term.replace("...", count > 0 ? shared.slice(-count).join("") : "");
  const terms = raw.map((term, i) => written(term, dots[i]!));
  const output = right === undefined ? implicitOutput(terms, shared.join("")) : written(right, shared.length);
  if (right !== undefined && !right.includes("...") && shared.length > 0) {
    throw malformed(text, "an ellipsis must stand in the output too");
  }
  return { terms, output, sizes: sizesOf(text, terms, output, shapes, shared) };
}

/** Without "->": the ellipsis, then every letter that occurs once, in alphabetical order. */
function implicitOutput(terms: readonly string[], shared: string): string {
  const all = terms.join("");
  const once = [...new Set(all)].filter((letter) => !shared.includes(letter) && all.split(letter).length === 2);
  return shared + once.sort().join("");
}

function sizesOf(
  text: string,
  terms: readonly string[],
  output: string,
  shapes: readonly Shape[],
  broadcast: readonly string[],
): Map<string, number> {
  const sizes = new Map<string, number>();
  terms.forEach((term, k) => {
    if (term.length !== shapes[k]!.length) throw malformed(text, `"${term}" does not fit ${formatShape(shapes[k]!)}`);
    [...term].forEach((letter, axis) => {
      const size = shapes[k]![axis]!;
      const known = sizes.get(letter) ?? size;
      const stretches = broadcast.includes(letter) && (known === 1 || size === 1);
      if (known !== size && !stretches) {
        throw new GraphError("SHAPE_MISMATCH", `equation "${text}": ${letter} is ${known} and ${size}`, {
          value: shapes[k],
        });
      }
      sizes.set(letter, Math.max(known, size));
    });
  });
  const strange = [...output].find((letter) => !sizes.has(letter));
  if (strange) throw malformed(text, `${strange} is in the output only`);
  if (new Set(output).size !== output.length) throw malformed(text, "the output repeats a letter");
  return sizes;
}

function inferEinsum(context: InferContext): readonly TensorType[] {
  const { dtype } = required(context, 0);
  const { output, sizes } = readEquation(context);
  if (context.inputs.some((input) => input?.dtype !== dtype)) {
    throw new GraphError("DTYPE_MISMATCH", "all operands must have one element type");
  }
  return [{ dtype, shape: [...output].map((letter) => sizes.get(letter)!) }];
}

/** Each operand's gradient is an Einsum of the output's gradient and the other operands, with its term as the output. */
function einsumGradient(context: GradientContext): (Tensor | undefined)[] {
  const equation = readEquation(context.node);
  const g = gradientOf(context);
  return context.inputs.map((input, k) => {
    if (!context.wants[k]) return undefined;
    const term = equation.terms[k]!;
    if (new Set(term).size !== term.length) {
      throw new GraphError("NO_GRADIENT", `the term "${term}" takes a diagonal, which has no gradient rule`, {
        where: `node ${context.node.name}`,
        value: context.node.attributes.equation,
        fix: "Multiply by an identity matrix and sum instead.",
      });
    }
    const others = context.inputs.flatMap((other, i) => (i === k ? [] : [{ term: equation.terms[i]!, x: other }]));
    return operandGradient(input, term, [{ term: equation.output, x: g }, ...others], equation.sizes);
  });
}

interface Factor {
  readonly term: string;
  readonly x: Tensor;
}

function operandGradient(input: Tensor, term: string, factors: readonly Factor[], sizes: Equation["sizes"]): Tensor {
  const present = [...term].filter((letter) => factors.some((factor) => factor.term.includes(letter)));
  const whole = [...term].map((letter) => sizes.get(letter)!);
  const full = factors.map((factor) => ({
    term: factor.term,
    x: f.expand(
      factor.x,
      [...factor.term].map((letter) => sizes.get(letter)!),
    ),
  }));
  const product = multiply(full, present.join(""));
  // A letter that was summed over in this operand alone: the gradient is the same all along its axis.
  const kept = f.reshape(
    product,
    [...term].map((letter) => (present.includes(letter) ? sizes.get(letter)! : 1)),
  );
  return f.sumTo(f.expand(kept, whole), input.shape);
}

/** Scalars are multiplied in at the end: the kernel takes no empty terms. */
function multiply(factors: readonly Factor[], output: string): Tensor {
  const scalars = factors.filter(({ term }) => term === "");
  const arrays = factors.filter(({ term }) => term !== "");
  const terms = arrays.map(({ term }) => term);
  const operands = arrays.map(({ x }) => x);
  const isSame = terms.length === 1 && terms[0] === output;
  const product = () => f.emitOne("Einsum", operands, { equation: `${terms.join(",")}->${output}` });
  const start = isSame ? operands : arrays.length > 0 ? [product()] : [];
  return [...start, ...scalars.map(({ x }) => x)].reduce((a, b) => f.mul(a, b));
}

export const einsums: readonly Operator[] = [
  {
    name: "Einsum",
    inputs: [1, Number.POSITIVE_INFINITY],
    attributes: { equation: "string" },
    infer: inferEinsum,
    gradient: einsumGradient,
  },
];
