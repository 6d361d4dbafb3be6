/**
 * Holds that each test is found by the name of what it tests: tests/core/clock.test.ts tests
 * core/clock.ts, and so do the files of tests/core/clock/, where one would be too long. tests/whole
 * has what crosses rooms; the package and the hostile places have rooms of their own.
 */
import { existsSync, globSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "../runtimes.ts";

const OWN_ROOMS = /^tests\/(whole|package|hostile)\//;
/** What a source may end with. */
const ENDINGS = [".ts", ".mjs", ".c"];

/** The test files for which there is no source. */
export function orphans(files: readonly string[], exists: (file: string) => boolean): string[] {
  return files.filter((file) => {
    if (OWN_ROOMS.test(file)) return false;
    const source = file.replace(/^tests\//, "").replace(/\.test\.ts$/, "");
    const folder = dirname(source);
    const sources = exists(folder) ? [source] : [source, folder]; // cli/ has its own files
    return !sources.some((name) => ENDINGS.some((ending) => exists(name + ending)));
  });
}

if (import.meta.main) {
  const files = globSync("tests/**/*.test.ts", { cwd: ROOT }).sort();
  const found = orphans(files, (file) => existsSync(join(ROOT, file)));
  if (found.length > 0) {
    console.error(found.map((file) => `${file} tests no file of that name`).join("\n"));
    process.exit(1);
  }
  console.log(`${files.length} test files have the names of what they test`);
}
