import type * as OrtCommon from "onnxruntime-common";

/** `onnxruntime-node` or `onnxruntime-web`, whichever the program has. */
export type Ort = Pick<typeof OrtCommon, "InferenceSession" | "Tensor">;
export type Session = OrtCommon.InferenceSession;
export type SessionOptions = OrtCommon.InferenceSession.SessionOptions;

/** One input of a model, by its name; the first of `dims` counts samples. */
export type ModelInput = readonly [name: string, data: Float32Array | BigInt64Array, dims: readonly number[]];

/** Opens a model. @param model its path or URL, or its bytes */
function open(ort: Ort, model: string | Uint8Array, options: SessionOptions): Promise<Session> {
  return typeof model === "string"
    ? ort.InferenceSession.create(model, options)
    : ort.InferenceSession.create(model, options);
}

/** What the model answers under a name. */
async function ask(ort: Ort, session: Session, [input, data, dims]: ModelInput, output: string): Promise<Float32Array> {
  const tensor =
    data instanceof BigInt64Array ? new ort.Tensor("int64", data, dims) : new ort.Tensor("float32", data, dims);
  const answers = await session.run({ [input]: tensor });
  return answers[output]!.data as Float32Array;
}

export { ask, open };
