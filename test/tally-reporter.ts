import type { Reporter, TestModule } from "vitest/node";
import { executablePath, hasChromium } from "./chromium.js";

/** Ends the output with one plain line of counts, after why tests were skipped and which files failed. */
export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const skipped = tests.filter((test) => test.result().state === "skipped");
    for (const test of skipped) {
      const result = test.result();
      const reason = result.state === "skipped" && result.note ? `: ${result.note}` : "";
      process.stdout.write(`skipped: ${test.fullName}${reason}\n`);
    }
    if (!hasChromium) {
      process.stdout.write(
        `skipped: all tests in Chromium: there is no ${executablePath}; CHROMIUM_PATH names another\n`,
      );
    }
    const failed = modules.filter((module) => module.state() === "failed");
    for (const module of failed) {
      const cause = module.errors()[0]?.message;
      process.stdout.write(`failed: ${module.relativeModuleId} (${module.project.name})${cause ? `: ${cause}` : ""}\n`);
    }
    process.stdout.write(
      `${count("passed")} passed, ${count("failed")} failed, ${skipped.length} skipped; ${failed.length} files failed\n`,
    );
  }
}
