import type { FloatConstant } from "./editor.js";

/** A matrix with rows and columns changed. */
export function transposed({ shape, data }: FloatConstant): FloatConstant {
  const [rows, columns] = shape as [number, number];
  const turned = new Float32Array(data.length);
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) turned[c * rows + r] = data[r * columns + c]!;
  return { shape: [columns, rows], data: turned };
}
