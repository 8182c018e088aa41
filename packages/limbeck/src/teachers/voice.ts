import type { BlackBox } from "./black-box/source.js";

/** Whom to ask for soft targets, and what becomes of what it says. */
export interface Voice {
  /** ONNX file that takes a run's images; missing where the teacher is a black box. */
  readonly file?: Uint8Array;
  /** Who is asked in its place. */
  readonly box?: BlackBox;
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

/** The file that is asked. @throws TypeError where there is none; recipes that would need one are refused */
export function fileOf({ file }: { readonly file?: Uint8Array | undefined }): Uint8Array {
  if (file) return file;
  throw new TypeError("a black box has no file");
}

/** A black box speaks for itself. */
export function boxVoice(box: BlackBox): Voice {
  return { box, identity: box.identity, logitsOf: (answers) => answers };
}
