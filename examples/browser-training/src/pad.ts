import { toDigit } from "./preprocess.js";

const SIDE = 28;

/** A box to draw in with mouse, pen or finger; tells after each move what was drawn, as MNIST would have it. */
export class Pad {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #changed: (pixels: Float32Array | undefined) => void;
  #last: readonly [number, number] | undefined;

  constructor(canvas: HTMLCanvasElement, changed: (pixels: Float32Array | undefined) => void) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { willReadFrequently: true })!;
    this.#changed = changed;
    Object.assign(this.#context, {
      strokeStyle: "#fff",
      lineWidth: canvas.width / 14,
      lineCap: "round",
      lineJoin: "round",
    });
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.#last = this.#at(event);
      this.#lineTo(this.#last);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (this.#last) this.#lineTo(this.#at(event));
    });
    for (const end of ["pointerup", "pointercancel"] as const) {
      canvas.addEventListener(end, () => {
        this.#last = undefined;
      });
    }
  }

  clear(): void {
    this.#context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    this.#changed(undefined);
  }

  /** Shows 784 values of 0 … 1, and tells them as they are. */
  show(pixels: Float32Array): void {
    const small = new OffscreenCanvas(SIDE, SIDE);
    const image = new ImageData(SIDE, SIDE);
    pixels.forEach((value, i) => {
      image.data.set([255, 255, 255, Math.round(value * 255)], 4 * i);
    });
    small.getContext("2d")!.putImageData(image, 0, 0);
    const { width, height } = this.#canvas;
    this.#context.clearRect(0, 0, width, height);
    this.#context.drawImage(small, 0, 0, width, height);
    this.#changed(pixels);
  }

  #at({ offsetX, offsetY }: PointerEvent): [number, number] {
    const scale = this.#canvas.width / this.#canvas.clientWidth;
    return [offsetX * scale, offsetY * scale];
  }

  #lineTo(to: readonly [number, number]): void {
    const context = this.#context;
    context.beginPath();
    context.moveTo(...this.#last!);
    context.lineTo(...to);
    context.stroke();
    this.#last = to;
    this.#changed(toDigit(this.#canvas));
  }
}
