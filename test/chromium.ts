import { existsSync } from "node:fs";

/** Debian's Chromium, or the one that CHROMIUM_PATH names. */
export const executablePath = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";

export const hasChromium = existsSync(executablePath);

/** WebGPU without a graphics card runs on the processor, and counts as unsafe. */
const FLAGS = ["--no-sandbox", "--enable-unsafe-webgpu", "--disable-quic", "--disable-background-networking"];

export const launchOptions: { executablePath: string; args: string[] } = { executablePath, args: FLAGS };
