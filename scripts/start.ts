/**
 * `npm start`: the `vdso` command in every runtime, one table side by side, and `vdso bench` over the
 * clocks.
 */
import { spawnSync } from "node:child_process";
import { getBorderCharacters, table } from "table";
import { printSummary, type Summary } from "../cli/summary.ts";
import { ROOT, RUNTIMES } from "./runtimes.ts";

const CLOCKS = "examples/bench_clocks.ts";

const summaries: [name: string, summary: Summary][] = [];
for (const { name, bin, run } of RUNTIMES) {
  console.log(`\n== vdso, in ${name} ==\n`);
  const { status, stdout, stderr, error } = spawnSync(bin, [...run, "cli.ts", "--json"], {
    cwd: ROOT,
    encoding: "utf8",
    timeout: 60_000,
  });
  if (stderr) console.error(stderr.trimEnd());
  if (status !== 0) {
    console.error(`${name} cannot be run: ${error?.message ?? `exit status ${status}`}`);
    process.exitCode = 1;
    continue;
  }
  const summary = JSON.parse(stdout) as Summary;
  summaries.push([name, summary]);
  console.log(printSummary(summary));
}

const builtins = [...new Set(summaries.flatMap(([, { cost }]) => Object.keys(cost.builtin)))];
const ns = (value: number | undefined, digits = 1) => value?.toFixed(digits);
const row = (title: string, cell: (summary: Summary) => string | undefined) => [
  title,
  ...summaries.map(([, summary]) => cell(summary) ?? "-"),
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
  row("now() / native C", ({ cost }) => ns(cost.native && cost.now / cost.native, 2)),
  row("system call", ({ cost }) => ns(cost.syscall)),
  ...builtins.map((name) => row(`${name}()`, ({ cost }) => ns(cost.builtin[name]))),
];
// Lines around the table and below its head alone.
const drawHorizontalLine = (line: number, count: number) => line < 2 || line === count;
console.log(table(rows, { border: getBorderCharacters("norc"), drawHorizontalLine }));

const runtimes = RUNTIMES.map(({ name }) => name).join(",");
const words = ["cli.ts", "bench", CLOCKS, "--runtimes", runtimes, "--time", "100"];
console.log(`== vdso ${words.slice(1).join(" ")} ==\n`);
const { status, error } = spawnSync(process.execPath, words, { cwd: ROOT, stdio: "inherit" });
if (status !== 0) {
  if (error) console.error(`vdso bench cannot be run: ${error.message}`);
  process.exitCode = 1;
}
