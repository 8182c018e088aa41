import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { exportedLinear, regression } from "./regression.js";

const folder = mkdtempSync(join(tmpdir(), "limbeck-onnx-"));
afterAll(() => rmSync(folder, { recursive: true }));

const python = "/usr/bin/python3";
const hasChecker = spawnSync(python, ["-c", "import onnx"]).status === 0;
const script = "import onnx,sys; onnx.checker.check_model(onnx.load(sys.argv[1]), full_check=True)";

it.skipIf(!hasChecker).each([
  ["inference", exportedLinear()],
  ["training", regression().model],
])("ONNX files pass the official checker (skipped without Debian's python3-onnx): %s", (name, bytes) => {
  const path = join(folder, `${name}.onnx`);
  writeFileSync(path, bytes);
  expect(() => execFileSync(python, ["-c", script, path])).not.toThrow();
});
