/**
 * How far ticksToNs() is from CLOCK_MONOTONIC_RAW, in ppm, for intervals of 100 ms, 1 s and 10 s from
 * the first use on, in every runtime: `npm run bench:ticks`. Promised: 20 ppm, and 2 ppm after 10 s.
 */
import { spawnSync } from "node:child_process";
import process from "node:process";
import { getBorderCharacters, table } from "table";
import { now, nowRaw, sources, ticks, ticksToNs } from "../../mod.ts";
import { ROOT, RUNTIMES } from "../runtimes.ts";

const SECONDS = [0.1, 1, 10];
const LIMITS = [20, 20, 2];

/** Counter and clock at one moment: the narrowest of many tries. */
function moment(): { ticks: number; ns: number } {
  let best = { ticks: NaN, ns: NaN };
  let width = Infinity;
  for (let i = 0; i < 20_000; i++) {
    const before = ticks();
    const ns = nowRaw();
    const after = ticks();
    if (after - before >= width) continue;
    width = after - before;
    best = { ticks: (before + after) / 2, ns };
  }
  return best;
}

if (process.argv[2] === "--measure") {
  sources();
  const start = moment();
  const begin = now();
  const errors = SECONDS.map((seconds) => {
    while (now() < begin + seconds * 1e9) continue;
    const end = moment();
    return (ticksToNs(end.ticks - start.ticks) / (end.ns - start.ns) - 1) * 1e6;
  });
  console.log(JSON.stringify(errors));
} else {
  const rows = RUNTIMES.map(({ name, bin, run }) => {
    const words = [...run, "scripts/measure/ticks_error.ts", "--measure"];
    const { stdout, stderr, status } = spawnSync(bin, words, { cwd: ROOT, encoding: "utf8" });
    if (status !== 0) throw new Error(`${name}: ${stderr}`);
    const errors = JSON.parse(stdout) as number[];
    if (errors.some((ppm, i) => Math.abs(ppm) > (LIMITS[i] ?? 0))) process.exitCode = 1;
    return [name, ...errors.map((ppm) => ppm.toFixed(3))];
  });
  const head = ["ppm after", ...SECONDS.map((seconds) => `${seconds} s`)];
  console.log(table([head, ...rows], { border: getBorderCharacters("norc") }));
}
