import { createReadStream, existsSync, readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { exportStudent } from "limbeck";
import * as ort from "onnxruntime-node";
import { type Browser, chromium, type Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, launchOptions } from "../../../../test/chromium.js";
import type * as Images from "../../src/export/wrapper/image.js";
import type * as Rows from "../../src/export/wrapper/rows.js";
import type * as Sounds from "../../src/export/wrapper/sound.js";
import type * as Texts from "../../src/export/wrapper/text.js";
import { writeTone } from "../data/audio.js";
import { digitsRun, someDigits, soundsRun, textsRun, windowsRun } from "./fixture.js";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/** Files of a folder and nothing else, as any static server has them. */
function serve(folder: string): Promise<Server> {
  const server = createServer(({ url }, response) => {
    const name = url === "/" ? "index.html" : url!.slice(1);
    const path = join(folder, name);
    if (!existsSync(path)) return response.writeHead(404).end();
    response.setHeader("Content-Type", TYPES[extname(name)] ?? "application/octet-stream");
    return createReadStream(path).pipe(response);
  });
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done(server)));
}

describe.skipIf(!hasChromium)("the playground in Chromium (skipped where it is not installed)", () => {
  const servers: Server[] = [];
  let browser: Browser;
  let images: string;
  let windows: string;
  let sounds: string;
  const troubles: string[] = [];
  beforeAll(async () => {
    browser = await chromium.launch(launchOptions);
    images = (await exportStudent(await digitsRun(), { playground: true, variants: ["ort", "int8"] })).folder;
    sounds = (await exportStudent(await soundsRun(), { playground: true })).folder;
    windows = (await exportStudent(await windowsRun(), { playground: true })).folder;
  });
  afterAll(async () => {
    await browser?.close();
    for (const server of servers) server.close();
  });

  async function open(folder: string, colorScheme: "light" | "dark", width = 1000): Promise<Page> {
    const server = await serve(folder);
    servers.push(server);
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const page = await browser.newPage({ colorScheme, viewport: { width, height: 800 } });
    page.on("console", (message) => troubles.push(message.text()));
    page.on("pageerror", (error) => troubles.push(error.message));
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(origin) && !/^(blob|data):/.test(url)) troubles.push(url);
    });
    page.setDefaultTimeout(60_000);
    await page.goto(origin);
    await page.locator("#status", { hasText: /^Ready/ }).waitFor();
    return page;
  }

  const answersOf = async (page: Page) => {
    await page.locator("#status", { hasText: /^Answered/ }).waitFor();
    return page.$$eval("#answers li", (rows) =>
      rows.map((row) => ({ label: row.querySelector("span")!.textContent, score: Number(row.dataset.score) })),
    );
  };

  const wrapperOf = async <Wrapper>(folder: string): Promise<Wrapper> =>
    import(/* @vite-ignore */ pathToFileURL(join(folder, "predict.js")).href);

  it.each([
    ["light", 1000],
    ["dark", 390],
  ] as const)("classifies an image as Node does, and fits the screen: %s, %i px wide", async (scheme, width) => {
    const [image] = (await someDigits(8)).slice(7);
    const png = await sharp(image!, { raw: { width: 28, height: 28, channels: 1 } })
      .png()
      .toBuffer();
    const page = await open(images, scheme, width);
    await page.setInputFiles("#file", { name: "seven.png", mimeType: "image/png", buffer: png });
    const found = await answersOf(page);
    const { load } = await wrapperOf<typeof Images>(images);
    const wanted = await (await load(ort, join(images, "onnx/model.onnx"))).predict([...image!]);
    expect(found.map(({ label }) => label)).toEqual(wanted.map(({ label }) => label));
    for (const [i, { score }] of found.entries()) expect(Math.abs(score - wanted[i]!.score)).toBeLessThan(1e-4);
    expect(await page.textContent("#top")).toBe(wanted[0]!.label);
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    expect(troubles).toEqual([]);
    await page.close();
  });

  it("reads what is drawn, and says what is no image", async () => {
    const page = await open(images, "light");
    const box = (await page.locator("#pad").boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + 200, { steps: 4 });
    await page.mouse.up();
    expect(await answersOf(page)).toHaveLength(10);
    await page.setInputFiles("#file", { name: "no.png", mimeType: "image/png", buffer: Buffer.from("no image") });
    await page.locator("#status.trouble").waitFor();
    expect(troubles).toEqual([]);
    await page.close();
  });

  it("hears a WAV file as Node does, and says what is none", async () => {
    const page = await open(sounds, "light", 390);
    const tone = join(sounds, "tone.wav");
    writeTone(tone, 810, { rate: 22_050, seconds: 0.4 });
    await page.setInputFiles("#file", tone);
    const found = await answersOf(page);
    const { load } = await wrapperOf<typeof Sounds>(sounds);
    const wanted = await (await load(ort, join(sounds, "onnx/model.onnx"))).predict(readFileSync(tone));
    expect(found.map(({ label }) => label)).toEqual(wanted.map(({ label }) => label));
    for (const [i, { score }] of found.entries()) expect(Math.abs(score - wanted[i]!.score)).toBeLessThan(1e-4);
    expect(await page.locator("#network").isVisible()).toBe(true);
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    const buffer = readFileSync(tone).subarray(0, 99);
    await page.setInputFiles("#file", { name: "cut.wav", mimeType: "audio/wav", buffer });
    await page.locator("#status.trouble", { hasText: "This sound is cut short" }).waitFor();
    expect(troubles).toEqual([]);
    await page.close();
  });

  it("reads a text as Node does while it is typed, and says where it is cut off", async () => {
    const texts = (await exportStudent(await textsRun(), { playground: true })).folder;
    const page = await open(texts, "dark", 390);
    await page.fill("#text", "Where is my parcel?");
    const found = await answersOf(page);
    const { load } = await wrapperOf<typeof Texts>(texts);
    const wanted = await (await load(ort, join(texts, "onnx/model.onnx"))).predict("Where is my parcel?");
    expect(found.map(({ label }) => label)).toEqual(wanted.map(({ label }) => label));
    for (const [i, { score }] of found.entries()) expect(Math.abs(score - wanted[i]!.score)).toBeLessThan(1e-4);
    expect(await page.locator("#cut").isVisible()).toBe(false);
    await page.fill("#text", "long ".repeat(30));
    await page.click("#ask");
    await page.locator("#cut", { hasText: "first 48 bytes" }).waitFor();
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    expect(troubles).toEqual([]);
    await page.close();
  });

  it("takes pasted numbers where the student takes rows", async () => {
    const page = await open(windows, "light");
    await page.fill("#rows", "25, 1\n61\t50\n66 99\n");
    await page.click("#ask");
    const found = await answersOf(page);
    const { load } = await wrapperOf<typeof Rows>(windows);
    const student = await load(ort, join(windows, "onnx/model.onnx"));
    const wanted = await student.predict([
      [25, 1],
      [61, 50],
      [66, 99],
    ]);
    expect(found.map(({ label }) => label)).toEqual(wanted.map(({ label }) => label));
    for (const [i, { score }] of found.entries()) expect(Math.abs(score - wanted[i]!.score)).toBeLessThan(1e-4);
    await page.fill("#rows", "25, 1");
    await page.click("#ask");
    await page.locator("#status", { hasText: "3 rows" }).waitFor();
    expect(troubles).toEqual([]);
    await page.close();
  });
});
