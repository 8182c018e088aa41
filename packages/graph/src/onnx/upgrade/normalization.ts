import { GraphError } from "../../errors.js";
import * as f from "../../ops/build.js";
import { scratch } from "../../ops/normalized.js";
import { normalizeAxis } from "../../shape.js";
import type { Tensor } from "../../tensor.js";
import { type Call, type Conversion, inputOf, numberOf, unsupported, without } from "../call.js";

/** Before opset 14 there was no training mode: the four further outputs were for training only. */
function oldBatchNormalization(call: Call): Call {
  if (call.used.some((used, i) => used && i > 0)) throw unsupported(call, "training outputs before opset 14");
  if (numberOf(call, "spatial", 1) !== 1) throw unsupported(call, "spatial=0");
  return { ...without(call, "spatial", "is_test", "consumed_inputs"), used: [true] };
}

/**
 * In training mode ONNX Runtime writes over the running statistics that it is given, weights of the model included: it gets
 * copies, and the next running statistics are blended here.
 */
function trainingBatchNormalization(call: Call): Call | readonly Tensor[] {
  if (numberOf(call, "training_mode", 0) !== 1) return call;
  const [x, scale, bias, mean, variance] = [0, 1, 2, 3, 4].map((i) => inputOf(call, i)) as [Tensor, ...Tensor[]];
  const attributes = { epsilon: numberOf(call, "epsilon", 1e-5), momentum: 0, training_mode: 1 };
  const inputs = [x, scale, bias, scratch(mean!), scratch(variance!)];
  const [y, ...batch] = call.graph.emit("BatchNormalization", inputs, attributes);
  if (!call.used[1] && !call.used[2]) return [y!];
  const share = Math.fround(numberOf(call, "momentum", 0.9));
  const blended = (running: Tensor, now: Tensor) =>
    f.add(f.mul(f.detach(running), share), f.mul(f.detach(now), 1 - share));
  return [y!, blended(mean!, batch[0]!), blended(variance!, batch[1]!)];
}

/** Groups become the channels of an instance normalization; the scale is one per group before opset 21. */
function groupNormalization(call: Call): readonly Tensor[] {
  const [x, scale, bias] = [inputOf(call, 0), inputOf(call, 1), inputOf(call, 2)];
  const [batch = 1, channels = 1] = x.shape;
  const groups = numberOf(call, "num_groups", 1);
  if (!(groups >= 1 && channels % groups === 0)) {
    throw new GraphError("MODEL_INVALID", `${groups} groups do not divide ${channels} channels`, { value: groups });
  }
  const fillWith = (value: number) => call.graph.constant(x.dtype, [groups], new Array(groups).fill(value));
  const rows = f.reshape(x, [batch, groups, x.shape.slice(1).reduce((a, b) => a * b, 1) / groups]);
  const epsilon = numberOf(call, "epsilon", 1e-5);
  const normalized = f.reshape(
    f.emitOne("InstanceNormalization", [rows, fillWith(1), fillWith(0)], { epsilon }),
    x.shape,
  );
  const tail = x.shape.slice(2).map(() => 1);
  const spread = (value: Tensor) => {
    const each =
      value.shape[0] === channels ? value : f.expand(f.reshape(value, [groups, 1]), [groups, channels / groups]);
    return f.reshape(each, [channels, ...tail]);
  };
  return [f.add(f.mul(normalized, spread(scale)), spread(bias))];
}

/** Root-mean-square normalization over the axes from `axis` on: x / sqrt(mean(x²) + epsilon) · scale. */
export function rmsNormalize(x: Tensor, scale: Tensor, axis: number, epsilon: number): Tensor {
  const first = normalizeAxis(axis, x.shape.length);
  const axes = x.shape.map((_, i) => i).slice(first);
  const mean = f.reduceMean(f.mul(x, x), { axes, keepdims: true });
  return f.mul(f.div(x, f.sqrt(f.add(mean, epsilon))), scale);
}

function rmsNormalization(call: Call): readonly Tensor[] {
  const [x, scale] = [inputOf(call, 0), inputOf(call, 1)];
  return [rmsNormalize(x, scale, numberOf(call, "axis", -1), numberOf(call, "epsilon", 1e-5))];
}

export const normalization: readonly Conversion[] = [
  { op: "BatchNormalization", before: 14, convert: oldBatchNormalization },
  { op: "BatchNormalization", from: 14, convert: trainingBatchNormalization },
  { op: "GroupNormalization", ifMissing: true, needs: ["InstanceNormalization"], convert: groupNormalization },
  { op: "RMSNormalization", ifMissing: true, convert: rmsNormalization },
  { op: "SimplifiedLayerNormalization", ifMissing: true, convert: rmsNormalization },
];
