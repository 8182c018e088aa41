import type { RuntimeTensor } from "./backend.js";

/** `ArrayBuffer.prototype.transfer` of ES2024, which Node has from 22 on, and 20 with --harmony-rab-gsab-transfer. */
interface Transferable {
  transfer?(length: number): ArrayBuffer;
}

/**
 * Gives a value's memory back at once, where the engine can; elsewhere the garbage collector does, steps later, because it
 * does not see how much hangs on so small an object. Nobody may read the value afterwards.
 */
export function freeMemory({ data }: RuntimeTensor): void {
  if (ArrayBuffer.isView(data)) (data.buffer as Transferable).transfer?.(0);
}
