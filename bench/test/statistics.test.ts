import { describe, expect, it } from "vitest";
import { median, speedRatio } from "../src/statistics.js";

describe("median", () => {
  it("is the middle value, whatever the order, and leaves the values alone", () => {
    const values = [9, 100, 10];
    expect(median(values)).toBe(10);
    expect(values).toEqual([9, 100, 10]);
  });

  it("is the mean of the two middle values of an even number", () => {
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it("refuses no values", () => {
    expect(() => median([])).toThrow(RangeError);
  });
});

it("the ratio is above 1 where the peer takes longer", () => {
  expect(speedRatio(10, 25)).toBe(2.5);
});
