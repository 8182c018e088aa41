import { isFloat } from "../dtype.js";
import { GraphError } from "../errors.js";
import { floatAttribute, type GradientContext, gradientOf, type InferContext, type Operator } from "../operator.js";
import { broadcastShapes, sameShape } from "../shape.js";
import type { Tensor, TensorType } from "../tensor.js";
import * as f from "./build.js";
import { positive } from "./build-activation.js";
import { inferBinary, inferUnary } from "./elementwise.js";

interface UnitValues {
  readonly x: Tensor;
  readonly y: Tensor;
  readonly g: Tensor;
  /** Value of a float attribute. */
  readonly attribute: (name: string) => number;
}

/** An activation with float attributes, given with their defaults. */
function unit(
  name: string,
  defaults: Readonly<Record<string, number>>,
  gradient: (values: UnitValues) => Tensor,
): Operator {
  return {
    name,
    inputs: [1, 1],
    attributes: Object.fromEntries(Object.keys(defaults).map((key) => [key, "float" as const])),
    accepts: isFloat,
    infer: inferUnary,
    gradient: (context) => {
      const attribute = (key: string) => floatAttribute(context.node.attributes, key, defaults[key]!);
      return [gradient({ x: context.inputs[0]!, y: context.outputs[0]!, g: gradientOf(context), attribute })];
    },
  };
}

/** `above` for x > 0, else `below`, times g. */
function twoSided(g: Tensor, x: Tensor, above: number, below: Tensor): Tensor {
  return f.mul(g, f.where(f.greater(x, 0), x.graph.scalar(above, x.dtype), below));
}

/** x·hardSigmoid(x): 0 below -3, 1 above 3, x/3 + 1/2 between. */
function hardSwishGradient({ x, g }: UnitValues): Tensor {
  const between = f.add(f.mul(x, 1 / 3), 0.5);
  return f.mul(g, f.where(f.less(f.abs(x), 3), between, positive(x)));
}

function inferPRelu(context: InferContext): readonly TensorType[] {
  const types = inferBinary(context);
  const [x, slope] = [context.inputs[0]!, context.inputs[1]!];
  if (!sameShape(broadcastShapes(x.shape, slope.shape), x.shape)) {
    throw new GraphError("SHAPE_MISMATCH", "the slope does not broadcast to the input", {
      value: slope.shape,
      fix: "Give the slope one element, or shape [channels, 1, …].",
    });
  }
  return types;
}

function preluGradient(context: GradientContext): (Tensor | undefined)[] {
  const [x, slope] = [context.inputs[0]!, context.inputs[1]!];
  const g = gradientOf(context);
  return [
    context.wants[0] ? f.where(f.greater(x, 0), g, f.mul(g, slope)) : undefined,
    context.wants[1] ? f.sumTo(f.mul(g, f.minimum(x, 0)), slope.shape) : undefined,
  ];
}

/** Activations with a bend, an exponential arm or a learned slope. */
export const activationUnits: readonly Operator[] = [
  { name: "PRelu", inputs: [2, 2], accepts: isFloat, infer: inferPRelu, gradient: preluGradient },
  unit("Elu", { alpha: 1 }, ({ x, y, g, attribute }) => twoSided(g, x, 1, f.add(y, attribute("alpha")))),
  unit("Selu", { alpha: 1.6732631921768188, gamma: 1.0507010221481323 }, ({ x, y, g, attribute }) =>
    twoSided(g, x, attribute("gamma"), f.add(y, attribute("gamma") * attribute("alpha"))),
  ),
  unit("Celu", { alpha: 1 }, ({ x, y, g, attribute }) => twoSided(g, x, 1, f.add(f.div(y, attribute("alpha")), 1))),
  unit("HardSwish", {}, hardSwishGradient),
  unit("Softsign", {}, ({ x, g }) => {
    const root = f.add(f.abs(x), 1);
    return f.div(g, f.mul(root, root));
  }),
  unit("ThresholdedRelu", { alpha: 1 }, ({ x, g, attribute }) =>
    f.mul(g, f.cast(f.greater(x, attribute("alpha")), x.dtype)),
  ),
];
