import { createHash } from "node:crypto";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Split } from "../data/dataset.js";
import { hashSamples } from "../data/samples/samples.js";
import { LimbeckError } from "../support/errors.js";
import { canonicalJson } from "../support/json.js";
import { readSafetensors, writeSafetensors } from "../support/safetensors.js";
import { type AnswerStorage, packAnswers, unpackAnswers } from "./storage.js";

/** A teacher's logits for samples of one data set. */
export interface TeacherOutputs {
  /** Logits of a sample: as many as classes, or those of specialists side by side. */
  readonly classes: number;
  /** [dataset.size, classes], by position in the data set; rows of samples that were not asked for are NaN. */
  readonly logits: Float32Array;
}

/** What an entry of the cache is about. */
export interface AnswersOf {
  readonly split: Split;
  readonly storage: AnswerStorage;
  /** Logits of a sample. */
  readonly classes: number;
}

/**
 * Teacher outputs on disk, under a key made of everything that they depend on. Answers that are being collected are kept in
 * parts beside them, so that labelling which was stopped goes on where it was.
 */
export class TeacherOutputCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Key of the answers of a teacher (the identity of its voice) to samples of a data set, unaugmented. */
  key(teacher: Uint8Array, { split, storage }: AnswersOf): string {
    const { dataset, indices } = split;
    const hash = hashSamples(createHash("sha256").update(teacher), dataset);
    return hash.update(indices).update(canonicalJson(storage)).digest("hex").slice(0, 32);
  }

  /** @throws LimbeckError FILE_UNREADABLE when the file is damaged */
  load(key: string, { split, classes }: AnswersOf): TeacherOutputs | undefined {
    const path = this.path(key);
    if (!existsSync(path)) return undefined;
    return { classes, logits: spreadOut(readAnswers(path, classes, split.indices.length), classes, split) };
  }

  /** Stores logits [split.indices.length, classes], in the split's order, and forgets their parts. */
  store(key: string, logits: Float32Array, { storage, classes }: AnswersOf): void {
    const tensors = packAnswers(logits, classes, storage);
    writeSafetensors(this.path(key), { tensors, metadata: { dtype: storage.dtype } });
    rmSync(this.#parts(key), { recursive: true, force: true });
  }

  /** Logits of one part of the samples, if it is there and sound. */
  loadPart(key: string, part: number, classes: number, samples: number): Float32Array | undefined {
    const path = this.#part(key, part);
    try {
      return existsSync(path) ? readAnswers(path, classes, samples) : undefined;
    } catch (error) {
      if (error instanceof LimbeckError) return undefined;
      throw error;
    }
  }

  storePart(key: string, part: number, classes: number, logits: Float32Array): void {
    const tensors = packAnswers(logits, classes, { dtype: "float32" });
    writeSafetensors(this.#part(key, part), { tensors, metadata: {} });
  }

  /** The file of the answers under a key. */
  path(key: string): string {
    return join(this.#folder, `teacher-logits-${key}.safetensors`);
  }

  #parts(key: string): string {
    return join(this.#folder, `teacher-logits-${key}.parts`);
  }

  #part(key: string, part: number): string {
    return join(this.#parts(key), `${part}.safetensors`);
  }
}

/** @throws LimbeckError FILE_UNREADABLE */
function readAnswers(path: string, classes: number, samples: number): Float32Array {
  const logits = unpackAnswers(readSafetensors(path).tensors, classes);
  if (logits?.length === samples * classes) return logits;
  throw new LimbeckError("FILE_UNREADABLE", `${path} holds no answers to ${samples} samples of ${classes} classes`, {
    where: path,
    fix: "Delete it; a resumed run makes it anew.",
  });
}

function spreadOut(logits: Float32Array, classes: number, { dataset, indices }: Split): Float32Array {
  const all = new Float32Array(dataset.size * classes).fill(Number.NaN);
  indices.forEach((index, i) => {
    all.set(logits.subarray(i * classes, (i + 1) * classes), index * classes);
  });
  return all;
}
