import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, launchOptions } from "../../../../test/chromium.js";
import { renderReport } from "../../src/report/report.js";
import { temporaryFolder } from "../runs/harness.js";
import { reportData } from "./fixture.js";
import { inspectPage } from "./in-chromium.js";

describe.skipIf(!hasChromium)("the report in Chromium (skipped where it is not installed)", () => {
  let browser: Browser;
  const file = join(temporaryFolder(), "report.html");
  beforeAll(async () => {
    writeFileSync(file, await renderReport(reportData()));
    browser = await chromium.launch(launchOptions);
  });
  afterAll(() => browser?.close());

  it.each([
    ["light", 1200],
    ["dark", 390],
  ] as const)("draws its charts without errors, requests or overflow: %s, %i px wide", async (colorScheme, width) => {
    await inspectPage(browser, file, { colorScheme, width }, async (page) => {
      await page.waitForSelector("canvas");
      expect(await page.locator("canvas").count()).toBeGreaterThanOrEqual(2);
    });
  });
});
