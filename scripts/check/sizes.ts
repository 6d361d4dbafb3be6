/** Holds that a file of sources or tests can be read in one sitting. Generated files are neither. */
import { readFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../runtimes.ts";

const MOST_LINES = 400;
const MEDIAN_LINES = 100;
const SOURCES = /\.(ts|mts|mjs|cjs|c|h|cc)$/;

const sizes = execFileSync("git", ["ls-files"], { cwd: ROOT, encoding: "utf8" })
  .trim().split("\n").filter((file) => SOURCES.test(file))
  .map((file) => ({ file, text: readFileSync(join(ROOT, file), "utf8") }))
  .filter(({ text }) => !text.startsWith("// Generated"))
  .map(({ file, text }) => ({ file, lines: text.split("\n").length - 1 }))
  .sort((a, b) => a.lines - b.lines);

const problems = sizes.filter(({ lines }) => lines > MOST_LINES)
  .map(({ file, lines }) =>
    `${file} has ${lines} lines, at most ${MOST_LINES} can be read at once`
  );
const median = sizes[sizes.length >> 1]?.lines ?? 0;
if (median >= MEDIAN_LINES) {
  problems.push(
    `The median of ${sizes.length} sources is ${median} lines, not below ${MEDIAN_LINES}`,
  );
}
if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
console.log(`${sizes.length} sources, at most ${sizes.at(-1)?.lines} lines, median ${median}`);
