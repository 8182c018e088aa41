import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, launchOptions } from "../../../../test/chromium.js";
import { renderReport } from "../../src/report/report.js";
import { temporaryFolder } from "../runs/harness.js";
import { reportData } from "./fixture.js";

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
    const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
    const troubles: string[] = [];
    page.on("console", (message) => troubles.push(message.text()));
    page.on("pageerror", (error) => troubles.push(error.message));
    page.on("request", (request) => {
      if (!/^(file|data):/.test(request.url())) troubles.push(request.url());
    });
    await page.goto(pathToFileURL(file).href);
    await page.waitForSelector("canvas");
    expect(await page.locator("canvas").count()).toBeGreaterThanOrEqual(2);
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    expect(troubles).toEqual([]);
    await page.close();
  });
});
