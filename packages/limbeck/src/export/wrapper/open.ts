import type * as OrtCommon from "onnxruntime-common";

/** `onnxruntime-node` or `onnxruntime-web`, whichever the program has. */
export type Ort = Pick<typeof OrtCommon, "InferenceSession" | "Tensor">;
export type Session = OrtCommon.InferenceSession;
export type SessionOptions = OrtCommon.InferenceSession.SessionOptions;

/** Opens a model. @param model its path or URL, or its bytes */
function open(ort: Ort, model: string | Uint8Array, options: SessionOptions): Promise<Session> {
  return typeof model === "string"
    ? ort.InferenceSession.create(model, options)
    : ort.InferenceSession.create(model, options);
}

/** What the model answers under a name, to one input of `dims`, the first of which counts samples. */
async function ask(
  ort: Ort,
  session: Session,
  [input, data, dims]: readonly [input: string, data: Float32Array, dims: readonly number[]],
  output: string,
): Promise<Float32Array> {
  const answers = await session.run({ [input]: new ort.Tensor("float32", data, dims) });
  return answers[output]!.data as Float32Array;
}

export { ask, open };
