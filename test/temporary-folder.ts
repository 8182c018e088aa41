import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PREFIX = "limbeck-tests-";

/**
 * Has all tests put what is temporary into one folder, which goes when they are over, whatever became of their processes. Each project
 * asks for it; one folder is enough, and in a folder of folders the names of Chromium's sockets would be too long.
 */
export default function setUp(): (() => void) | undefined {
  if (process.env.TMPDIR?.includes(PREFIX)) return undefined;
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
