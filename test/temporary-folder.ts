import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Has all tests put what is temporary into one folder, which goes when they are over, whatever became of their processes. */
export default function setUp(): () => void {
  const folder = mkdtempSync(join(tmpdir(), "limbeck-tests-"));
  process.env.TMPDIR = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
