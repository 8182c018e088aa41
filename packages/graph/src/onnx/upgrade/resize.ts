import { constantInts } from "../../operator.js";
import { normalizeAxis, sizeOf } from "../../shape.js";
import type { Tensor } from "../../tensor.js";
import {
  type Call,
  type Conversion,
  inputOf,
  numberOf,
  numbersOf,
  stringOf,
  unsupported,
  withInputs,
  without,
} from "../call.js";

/** Upsample, and Resize before opset 11: coordinates are simply divided by the scale. */
function fromScales(call: Call): Call {
  const attribute = numbersOf(call, "scales");
  const scales = attribute ? call.graph.constant("float32", [attribute.length], attribute) : inputOf(call, 1);
  const mode = stringOf(call, "mode", "nearest");
  const attributes = {
    mode: mode === "bilinear" || mode === "trilinear" ? "linear" : mode,
    coordinate_transformation_mode: "asymmetric",
    ...(mode === "nearest" ? { nearest_mode: "floor" } : {}),
  };
  return { ...call, op: "Resize", inputs: [inputOf(call, 0), undefined, scales], attributes };
}

/** Exporters fill unused optional inputs with empty tensors. */
function dropEmpty(call: Call): Call {
  const isEmpty = (tensor: Tensor | undefined) =>
    tensor?.source.kind === "constant" && (sizeOf(tensor.shape) === 0 || tensor.source.data.length === 0);
  return withInputs(
    call,
    call.inputs.map((input, i) => (i > 0 && isEmpty(input) ? undefined : input)),
  );
}

/** Opset 18 resizes some axes only: spell the others out. */
function allAxes(call: Call): Call {
  if (numberOf(call, "antialias", 0) !== 0) throw unsupported(call, "antialias is not supported");
  if (stringOf(call, "keep_aspect_ratio_policy", "stretch") !== "stretch") {
    throw unsupported(call, "keep_aspect_ratio_policy is not supported");
  }
  const bare = without(call, "antialias", "axes", "keep_aspect_ratio_policy");
  const axes = numbersOf(call, "axes");
  const x = inputOf(call, 0);
  if (!axes) return bare;
  const spread = (values: ArrayLike<number>, rest: readonly number[]) => {
    const full = [...rest];
    axes.forEach((axis, i) => {
      full[normalizeAxis(axis, rest.length)] = values[i]!;
    });
    return full;
  };
  const sizes = constantInts(call, 3);
  if (sizes) return withInputs(bare, [x, undefined, undefined, call.graph.ints(spread(sizes, x.shape))]);
  const scales = constantInts(call, 2) ?? [];
  const ones = x.shape.map(() => 1);
  return withInputs(bare, [x, undefined, call.graph.constant("float32", [ones.length], spread(scales, ones))]);
}

/** Coefficients of modes that are not in use; the table need not know them. */
function dropUnused(call: Call): Call {
  const cubic = stringOf(call, "mode", "nearest") === "cubic";
  const crop = stringOf(call, "coordinate_transformation_mode", "half_pixel") === "tf_crop_and_resize";
  const names = [
    ...(cubic ? [] : ["cubic_coeff_a"]),
    ...(crop ? [] : ["extrapolation_value"]),
    ...(numberOf(call, "exclude_outside", 0) === 0 ? ["exclude_outside"] : []),
    ...(stringOf(call, "mode", "nearest") === "nearest" ? [] : ["nearest_mode"]),
  ];
  const kept = without(call, ...names);
  return crop ? kept : withInputs(kept, [kept.inputs[0], undefined, ...kept.inputs.slice(2)]);
}

export const resize: readonly Conversion[] = [
  { op: "Upsample", needs: ["Resize"], convert: fromScales },
  { op: "Resize", before: 11, convert: fromScales },
  { op: "Resize", from: 11, convert: dropEmpty },
  { op: "Resize", from: 18, convert: allAxes },
  { op: "Resize", from: 11, convert: dropUnused },
];
