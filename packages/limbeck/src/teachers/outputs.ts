import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ImageDataset } from "../data/dataset.js";
import { LimbeckError } from "../support/errors.js";
import { readSafetensors, writeSafetensors } from "../support/safetensors.js";

/** A teacher's logits for samples of one data set. */
export interface TeacherOutputs {
  readonly classes: number;
  /** [dataset.size, classes], by position in the data set; rows of samples that were not asked for are NaN. */
  readonly logits: Float32Array;
}

/** Teacher outputs on disk, under a key made of everything that they depend on. */
export class TeacherOutputCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Key of the answers of a teacher (the identity of its voice) to samples of a data set, unaugmented. */
  key(teacher: Uint8Array, dataset: ImageDataset, indices: Uint32Array): string {
    const hash = createHash("sha256").update(teacher).update(dataset.name).update(dataset.pixels);
    return hash.update(indices).digest("hex").slice(0, 32);
  }

  /** @throws LimbeckError FILE_UNREADABLE when the file is damaged */
  load(key: string): TeacherOutputs | undefined {
    const path = this.path(key);
    if (!existsSync(path)) return undefined;
    const { logits } = readSafetensors(path).tensors;
    const classes = logits?.shape[1];
    if (!(logits?.data instanceof Float32Array) || classes === undefined) {
      throw new LimbeckError("FILE_UNREADABLE", `${path} holds no teacher logits`, { where: path, fix: "Delete it." });
    }
    return { classes, logits: logits.data };
  }

  store(key: string, outputs: TeacherOutputs): void {
    const { logits, classes } = outputs;
    const shape = [logits.length / classes, classes];
    writeSafetensors(this.path(key), { tensors: { logits: { dtype: "float32", shape, data: logits } }, metadata: {} });
  }

  /** The file of the answers under a key. */
  path(key: string): string {
    return join(this.#folder, `teacher-logits-${key}.safetensors`);
  }
}
