import { createHash } from "node:crypto";
import { closeSync, existsSync, fdatasyncSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { toFileError } from "../../support/errors.js";
import { makeFolder, readBytes } from "../../support/files.js";

/** Bytes of the digest that ends a record: a record that was being written when the power went does not count. */
const DIGEST = 8;

/**
 * Answers on disk as they come, in any order: records of a sample's position (4 bytes) and its logits, flushed before they count.
 * Whatever ends the process, what was answered stays answered.
 */
export class Journal {
  readonly #path: string;
  readonly #length: number;
  readonly #rows = new Map<number, Float32Array>();
  #descriptor: number | undefined;
  #end = 0;

  /** @param classes logits of a sample @throws LimbeckError FILE_UNREADABLE */
  constructor(path: string, classes: number) {
    this.#path = path;
    this.#length = 4 + 4 * classes + DIGEST;
    if (!existsSync(path)) return;
    const bytes = readBytes(path);
    for (let start = 0; start + this.#length <= bytes.length; start += this.#length) {
      const record = bytes.subarray(start, start + this.#length);
      const content = record.subarray(0, -DIGEST);
      if (!digestOf(content).equals(record.subarray(-DIGEST))) break;
      const numbers = content.subarray(4);
      this.#rows.set(
        content.readUInt32LE(0),
        Float32Array.from({ length: classes }, (_, k) => numbers.readFloatLE(4 * k)),
      );
      this.#end = start + this.#length;
    }
  }

  /** Logits of a sample, if it was answered. */
  get(sample: number): Float32Array | undefined {
    return this.#rows.get(sample);
  }

  /** Keeps answers. @throws LimbeckError FILE_UNWRITABLE, DISK_FULL */
  add(answers: readonly (readonly [number, Float32Array])[]): void {
    const records = answers.map(([sample, logits]) => {
      const content = Buffer.alloc(this.#length - DIGEST);
      content.writeUInt32LE(sample, 0);
      logits.forEach((value, k) => {
        content.writeFloatLE(value, 4 + 4 * k);
      });
      return Buffer.concat([content, digestOf(content)]);
    });
    this.#write(Buffer.concat(records));
    for (const [sample, logits] of answers) this.#rows.set(sample, logits);
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #write(bytes: Uint8Array): void {
    try {
      this.#descriptor ??= this.#open();
      for (let offset = 0; offset < bytes.length; )
        offset += writeSync(this.#descriptor, bytes, offset, undefined, this.#end + offset);
      fdatasyncSync(this.#descriptor);
      this.#end += bytes.length;
    } catch (error) {
      throw toFileError(error, this.#path);
    }
  }

  /** Behind the last whole record; what was left of another is cut off. */
  #open(): number {
    makeFolder(dirname(this.#path));
    const descriptor = openSync(this.#path, existsSync(this.#path) ? "r+" : "w+");
    ftruncateSync(descriptor, this.#end);
    return descriptor;
  }
}

function digestOf(content: Uint8Array): Buffer {
  return createHash("sha256").update(content).digest().subarray(0, DIGEST);
}
