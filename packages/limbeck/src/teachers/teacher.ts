import type { TeacherOutputs } from "./outputs.js";

/** Answers a batch: where a student learns from a teacher, this is all it sees of it. */
export interface TeacherSource {
  /**
   * Writes the teacher's logits [batch, classes] of one batch.
   * @param images [batch, C, H, W] as the student sees them
   * @param samples position of each in the data set
   */
  answer(images: Float32Array, samples: Uint32Array, target: Float32Array): Promise<void>;
}

/** Looks answers up; right only for images that were not augmented. */
export function cachedTeacher({ logits, classes }: TeacherOutputs): TeacherSource {
  return {
    answer: async (_, samples, target) => {
      samples.forEach((sample, i) => {
        target.set(logits.subarray(sample * classes, (sample + 1) * classes), i * classes);
      });
    },
  };
}

/**
 * Asks the teacher for every batch anew, so that it sees the very view that the student sees.
 * @param logitsOf answers images, with the position of each in the data set
 */
export function liveTeacher(
  logitsOf: (images: Float32Array, samples: Uint32Array) => Promise<Float32Array>,
): TeacherSource {
  return {
    answer: async (images, samples, target) => target.set(await logitsOf(images, samples)),
  };
}
