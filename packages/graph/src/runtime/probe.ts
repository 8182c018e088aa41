import type { DType, TypedArray } from "../dtype.js";
import type { KnownValue } from "../onnx/data-types.js";
import type { ShapeProbe } from "../onnx/shapes.js";
import type { Backend } from "./backend.js";

/** Lets `fromOnnx` learn shapes by running the model on a backend: give it as the option `shapesOf`. */
export function probeWith(backend: Backend): ShapeProbe {
  return async (model, feeds) => {
    const session = await backend.createSession(model);
    try {
      const tensors = Object.entries(feeds)
        .filter(([name]) => session.inputNames.includes(name))
        .map(([name, { dtype, shape, data }]) => [name, backend.tensor(dtype, data as Float32Array, shape)]);
      const results = await session.run(Object.fromEntries(tensors));
      return Object.fromEntries(
        Object.entries(results).map(([name, { type, dims, data }]): [string, KnownValue] => {
          return [name, { dtype: type as DType, shape: dims, data: data as TypedArray }];
        }),
      );
    } finally {
      await session.release();
    }
  };
}
