/** Whom to ask for soft targets, and what becomes of what it says. */
export interface Voice {
  /** ONNX file that takes a run's images. */
  readonly file: Uint8Array;
  /** All that its logits depend on beside the images. */
  readonly identity: Uint8Array;
  /**
   * Logits [samples, classes] from what the file answers.
   * @param labels one for each sample
   */
  readonly logitsOf: (answers: Float32Array, labels: Uint8Array) => Float32Array;
  /** How many logits a sample has, where there are not as many as classes: specialists' stand side by side. */
  readonly width?: number;
}

/** A classifier speaks for itself. */
export function ownVoice(file: Uint8Array): Voice {
  return { file, identity: file, logitsOf: (answers) => answers };
}
