import { describe, expect, it } from "vitest";
import { wholeSplit } from "../../src/data/dataset.js";
import { findEqual } from "../../src/data/duplicates.js";
import { dataset } from "./helpers.js";
import { datasetOf, splitOf } from "./rows.js";

describe("samples that two parts share", () => {
  it("are those of equal values, whatever their labels", () => {
    const whole = wholeSplit(dataset([0, 1, 0, 1], 3, 4, 3));
    const part = (...indices: number[]) => ({ ...whole, indices: Uint32Array.from(indices) });
    expect(findEqual(part(0, 1), part(2, 3))).toEqual([]);
    expect(findEqual(part(0, 1, 2), part(2, 3))).toEqual([{ test: 2, train: 2 }]);
    expect(findEqual(part(0), part(0, 0, 1))).toHaveLength(2);
  });

  it("are found in rows of numbers too, to the last bit", () => {
    const train = splitOf(datasetOf([1, 2, 3, 4], 2));
    expect(findEqual(train, splitOf(datasetOf([3, 4, 3, 4.000001], 2)))).toEqual([{ test: 0, train: 1 }]);
  });
});
