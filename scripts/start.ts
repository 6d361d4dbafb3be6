/**
 * `npm start`: the `vdso` command in every runtime, one table side by side, and `vdso bench` over the
 * clocks.
 */
import { spawnSync } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { getBorderCharacters, table } from "table";
import { CLOCKS, type Relative } from "../cli/measure.ts";
import { isDoubtful, printNs, printRelative, printSummary, type Summary } from "../cli/summary.ts";
import { ROOT, RUNTIMES } from "./runtimes.ts";

const CLOCKS_FILE = "examples/bench_clocks.ts";

const summaries: [name: string, summary: Summary][] = [];
for (const { name, bin, run } of RUNTIMES) {
  console.log(`\n== vdso, in ${name} ==\n`);
  const { status, stdout, stderr, error } = spawnSync(bin, [...run, "cli.ts", "--json"], {
    cwd: ROOT,
    encoding: "utf8",
    timeout: 60_000,
  });
  if (status !== 0) {
    const reason = error?.message ?? whatFailed(stderr) ?? `exit status ${status}`;
    console.log(`Does not run here: ${reason}`);
    process.exitCode = 1;
    continue;
  }
  if (stderr) console.error(stderr.trimEnd());
  const summary = JSON.parse(stdout) as Summary;
  summaries.push([name, summary]);
  console.log(printSummary(summary));
}

/** The line of it that says so: no stack, and no excerpt of the source. */
function whatFailed(stderr: string): string | undefined {
  const lines = stripVTControlCharacters(stderr).split("\n").map((line) => line.trim());
  return lines.find((line) => /^(vdso:|error:|(Uncaught )?\w*Error\b)/i.test(line)) ??
    lines.find((line) => line !== "");
}

const builtins = [...new Set(summaries.flatMap(([, { cost }]) => Object.keys(cost.builtin)))];
const ns = (value: number | undefined) => value === undefined ? undefined : printNs(value);
/** `now()` over the other, of which the summary says the reverse. */
const nowOver = (other: Relative): Relative => ({
  ratio: 1 / other.ratio,
  low: 1 / other.high,
  high: 1 / other.low,
  level: other.level,
});
const row = (title: string, cell: (summary: Summary) => string | undefined) => [
  title,
  ...summaries.map(([, summary]) => cell(summary) ?? "n/a"),
];

console.log("\n== Side by side: the path of each entry, and nanoseconds per call ==\n");
const rows = [
  ["", ...summaries.map(([name]) => name)],
  row("runtime", ({ runtime }) => runtime.version),
  row("ffi", ({ sources }) => sources.ffi),
  ...Object.keys(summaries[0]?.[1].sources.entries ?? {}).map((entry) =>
    row(entry, ({ sources }) => sources.entries[entry as keyof typeof sources.entries])
  ),
  row("now()", ({ cost }) => ns(cost.now)),
  row("native C", ({ cost }) => ns(cost.native)),
  row("now() / native C", ({ cost }) => {
    const { native } = cost.relative;
    return native && printRelative(nowOver(native), isDoubtful(cost, CLOCKS.native));
  }),
  row("system call", ({ cost }) => ns(cost.syscall)),
  ...builtins.map((name) => row(`${name}()`, ({ cost }) => ns(cost.builtin[name]))),
];
// Lines around the table and below its head alone.
const drawHorizontalLine = (line: number, count: number) => line < 2 || line === count;
console.log(table(rows, { border: getBorderCharacters("norc"), drawHorizontalLine }));
if (rows.flat().includes("n/a")) console.log("n/a: there is none in this runtime\n");

const runtimes = RUNTIMES.map(({ name }) => name).join(",");
const words = ["cli.ts", "bench", CLOCKS_FILE, "--runtimes", runtimes, "--time", "100"];
console.log(`== vdso ${words.slice(1).join(" ")} ==\n`);
const { status, error } = spawnSync(process.execPath, words, { cwd: ROOT, stdio: "inherit" });
if (status !== 0) {
  if (error) console.error(`vdso bench cannot be run: ${error.message}`);
  process.exitCode = 1;
}
