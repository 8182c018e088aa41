import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { expect } from "vitest";

/** Looks at a page of ours, and then makes sure that it fits, asks for nothing and complains of nothing. */
export async function inspectPage(
  browser: Browser,
  file: string,
  { colorScheme, width }: { readonly colorScheme: "light" | "dark"; readonly width: number },
  look: (page: Page) => Promise<void>,
): Promise<void> {
  const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } });
  const troubles: string[] = [];
  page.on("console", (message) => troubles.push(message.text()));
  page.on("pageerror", (error) => troubles.push(error.message));
  page.on("request", (request) => {
    if (!/^(file|data):/.test(request.url())) troubles.push(request.url());
  });
  await page.goto(pathToFileURL(file).href);
  await look(page);
  expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
  expect(troubles).toEqual([]);
  await page.close();
}
