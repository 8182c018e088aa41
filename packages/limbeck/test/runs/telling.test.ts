import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { telling } from "../../src/runs/telling.js";

it("what work tells comes in order, while it goes on, and its result or error after that", async () => {
  let isOver = false;
  const work = telling<number, string>(async (tell) => {
    tell(1);
    tell(2);
    await sleep(5);
    tell(3);
    await sleep(5);
    isOver = true;
    return "done";
  });
  for (const value of [1, 2, 3]) expect([await work.next(), isOver]).toEqual([{ done: false, value }, false]);
  expect(await work.next()).toEqual({ done: true, value: "done" });

  const failing = telling<number, never>(async (tell) => {
    tell(1);
    throw new Error("broken");
  });
  expect((await failing.next()).value).toBe(1);
  await expect(failing.next()).rejects.toThrow("broken");
});
