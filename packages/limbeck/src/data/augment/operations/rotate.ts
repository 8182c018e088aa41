import { type Operation, upTo } from "./operation.js";
import { warp } from "./warp.js";

/** Turns the image about its center, counter-clockwise, by degrees. */
export const rotate: Operation = {
  name: "rotate",
  isSigned: true,
  magnitude: upTo(30, 135),
  apply: (source, offset, target, geometry, degrees) => {
    const sin = Math.sin((degrees * Math.PI) / 180);
    const cos = Math.cos((degrees * Math.PI) / 180);
    const x = geometry.width / 2;
    const y = geometry.height / 2;
    warp(source, offset, target, geometry, cos, -sin, x - cos * x + sin * y, sin, cos, y - sin * x - cos * y);
  },
};
