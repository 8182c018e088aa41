import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeBackend } from "@limbeck/graph/node";
import { type Browser, chromium, type Page, type Route } from "playwright-core";
import { build, type InlineConfig, type PreviewServer, preview } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, launchOptions } from "../../../test/chromium.js";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const alias = {
  "@limbeck/graph/web": at("../../../packages/graph/src/runtime/web.ts"),
  "@limbeck/graph": at("../../../packages/graph/src/index.ts"),
};
const configFor = (outDir: string): InlineConfig => ({
  root: at(".."),
  configFile: at("../vite.config.ts"),
  logLevel: "error",
  resolve: { alias },
  build: { outDir, emptyOutDir: true },
});

describe.skipIf(!hasChromium)("the page in Chromium (skipped where it is not installed)", { timeout: 180_000 }, () => {
  let browser: Browser;
  let server: PreviewServer;
  let outDir: string;
  const troubles: string[] = [];

  beforeAll(async () => {
    outDir = mkdtempSync(join(tmpdir(), "limbeck-page-"));
    await build(configFor(outDir));
    server = await preview({ ...configFor(outDir), preview: { port: 0, host: "localhost" } });
    browser = await chromium.launch(launchOptions);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    rmSync(outDir, { recursive: true, force: true });
  });

  async function open(query: string, isolated = true): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 390, height: 844 } });
    page.setDefaultTimeout(90_000);
    page.on("console", (message) => troubles.push(message.text()));
    page.on("pageerror", (error) => troubles.push(error.message));
    if (!isolated) await page.route("**", withoutIsolation);
    await page.goto(new URL(query, server.resolvedUrls!.local[0]).href);
    await page.waitForSelector("#run:enabled");
    return page;
  }

  async function withoutIsolation(route: Route): Promise<void> {
    const response = await route.fetch();
    const headers = Object.entries(response.headers()).filter(([name]) => !name.startsWith("cross-origin-"));
    await route.fulfill({ response, headers: Object.fromEntries(headers) });
  }

  const numberIn = async (page: Page, selector: string) => Number.parseFloat((await page.textContent(selector)) ?? "");

  it("trains a teacher, then a student: losses fall, accuracies rise, and the file is the student", async () => {
    const page = await open("?teacher=100&student=300");
    expect(await page.textContent("#facts")).toMatch(/^[2-4] threads$/);
    await page.click("#run");
    await page.waitForFunction(() => document.querySelector('[data-loss="student"]')!.textContent !== "–");
    const first = await numberIn(page, '[data-loss="student"]');
    await page.waitForFunction(() => document.querySelector("#run")!.textContent === "Done");
    expect(await numberIn(page, '[data-loss="teacher"]')).toBeLessThan(1);
    expect(await numberIn(page, '[data-loss="student"]')).toBeLessThan(first / 2);
    for (const arm of ["teacher", "student", "baseline"]) {
      expect(await numberIn(page, `[data-accuracy="${arm}"]`), arm).toBeGreaterThan(80);
    }
    await page.click("#sample");
    await page.waitForFunction(() => document.querySelector("#verdict")!.textContent!.includes("student sees"));
    const downloading = page.waitForEvent("download");
    await page.click("#download");
    const student = await nodeBackend.createSession(readFileSync(await (await downloading).path()), { threads: 1 });
    const images = nodeBackend.tensor("float32", new Float32Array(3 * 784), [3, 784]);
    expect((await student.run({ images })).logits!.dims).toEqual([3, 10]);
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    expect(troubles).toEqual([]);
    await page.close();
  });

  it("stops between two steps, and goes on; reads what is drawn", async () => {
    const page = await open("?teacher=2000");
    await page.click("#run");
    await page.waitForFunction(() => document.querySelector("#status")!.textContent!.includes("step 20 "));
    await page.click("#run");
    await page.waitForFunction(() => document.querySelector("#run")!.textContent === "Continue");
    await drawOne(page);
    await page.waitForFunction(() => /teacher sees a \d/.test(document.querySelector("#verdict")!.textContent!));
    await page.click("#run");
    await page.waitForFunction(() => document.querySelector("#status")!.textContent!.includes("step 60 "));
    expect(troubles).toEqual([]);
    await page.close();
  });

  it("runs on one thread where the server does not isolate it", async () => {
    const page = await open("?teacher=2000", false);
    expect(await page.textContent("#facts")).toBe("1 thread");
    await page.click("#run");
    await page.waitForFunction(() => document.querySelector("#status")!.textContent!.includes("step 20 "));
    expect(troubles).toEqual([]);
    await page.close();
  });

  /** A vertical stroke. */
  async function drawOne(page: Page): Promise<void> {
    const pad = page.locator("#pad");
    await pad.scrollIntoViewIfNeeded();
    const box = (await pad.boundingBox())!;
    const x = box.x + box.width / 2;
    await page.mouse.move(x, box.y + box.height / 4);
    await page.mouse.down();
    await page.mouse.move(x, box.y + (3 * box.height) / 4, { steps: 5 });
    await page.mouse.up();
  }
});
