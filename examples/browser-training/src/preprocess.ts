const SIDE = 28;
/** MNIST's digits lie in a box of this side, their center of mass in the middle of the image. */
const BOX = 20;
const INK = 0.1;

/**
 * A drawing as MNIST's images are made: scaled so that its box is 20 pixels high or wide, then centered by mass.
 * Returns 784 values of 0 … 1, or nothing where nothing is drawn.
 */
export function toDigit(canvas: HTMLCanvasElement): Float32Array | undefined {
  const drawn = inkOf(canvas);
  const box = boxOf(drawn, canvas.width);
  if (!box) return undefined;
  const scale = BOX / Math.max(box.width, box.height);
  const scaled = document.createElement("canvas");
  scaled.width = SIDE;
  scaled.height = SIDE;
  const context = scaled.getContext("2d", { willReadFrequently: true })!;
  context.imageSmoothingQuality = "high";
  const place = (dx: number, dy: number) => {
    context.clearRect(0, 0, SIDE, SIDE);
    const [width, height] = [box.width * scale, box.height * scale];
    const [x, y] = [(SIDE - width) / 2 + dx, (SIDE - height) / 2 + dy];
    context.drawImage(canvas, box.x, box.y, box.width, box.height, x, y, width, height);
    return inkOf(scaled);
  };
  const center = massOf(place(0, 0));
  return place(SIDE / 2 - center.x, SIDE / 2 - center.y);
}

function inkOf(canvas: HTMLCanvasElement): Float32Array {
  const { data } = canvas
    .getContext("2d", { willReadFrequently: true })!
    .getImageData(0, 0, canvas.width, canvas.height);
  return Float32Array.from({ length: data.length / 4 }, (_, i) => data[4 * i + 3]! / 255);
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function boxOf(ink: Float32Array, side: number): Box | undefined {
  let [left, right, top, bottom] = [side, -1, side, -1];
  ink.forEach((value, i) => {
    if (value < INK) return;
    const [x, y] = [i % side, Math.floor(i / side)];
    [left, right, top, bottom] = [Math.min(left, x), Math.max(right, x), Math.min(top, y), Math.max(bottom, y)];
  });
  return right < 0 ? undefined : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

function massOf(ink: Float32Array): { x: number; y: number } {
  let [sum, x, y] = [0, 0, 0];
  ink.forEach((value, i) => {
    sum += value;
    x += value * ((i % SIDE) + 0.5);
    y += value * (Math.floor(i / SIDE) + 0.5);
  });
  return { x: x / sum, y: y / sum };
}
