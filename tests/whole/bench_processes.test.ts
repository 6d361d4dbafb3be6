/**
 * `vdso bench` and its processes: what may differ by the runtime that the command runs in. The rest
 * is in cli/bench/command.test.ts.
 */
// npm test: bun, node26 (Deno starts processes as Node does)
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type ChildProcess, type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import type { Readable } from "node:stream";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchReport } from "../../cli/bench/report.ts";
import { fixture, TIMEOUT, vdsoBench } from "../bench_command.ts";
import { command, full, ROOT, runtime, skipUnless } from "../support.ts";

/** This runtime, as `vdso bench` calls it. */
const own = runtime === "node" ? "node26" : runtime;

test("vdso bench starts every runtime, and hears what each has measured", TIMEOUT, () => {
  // Each from Node, in the quick tier: cli/bench/command.test.ts.
  const quick = own === "bun" ? ["deno", "bun"] : ["bun", own];
  const runtimes = full ? ["deno", "bun", "node22", "node26"] : quick;
  const words = [fixture("sides"), "--runtimes", runtimes.join(","), "--filter", "inner"];
  const { code, stdout, stderr } = vdsoBench([...words, "--json"]);
  assertEquals([stderr, code], ["", 0]);
  const { benchmarks: [only], ok } = JSON.parse(stdout) as BenchReport;
  assertEquals([only?.name, ok], ["a | b: µ", true]);
  assertEquals(only?.results.map(({ runtime }) => runtime), runtimes);
  for (const { ns } of only?.results ?? []) assert(ns > 0);
});

/** Begins at once: it takes time, and no CPU. */
const EARLY = text((() => {
  const files = ["crash", "hang", "throws"].map(fixture);
  // A runtime must have started by then, also where others have the CPUs.
  const words = ["--runtimes", "bun", "--timeout", "2", "--json"];
  const [program = "", ...args] = command(join(ROOT, "cli.ts"), ["bench", ...files, ...words]);
  return spawn(program, args, { cwd: ROOT, stdio: ["ignore", "pipe", "ignore"] });
})());

async function text(child: ChildProcessByStdio<null, Readable, null>) {
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (part: string) => stdout += part);
  const [code] = await once(child, "close") as [number | null];
  return { code, stdout };
}

/** Runs a file that starts a program, and waits until both are gone; the command's end. */
async function endOf(
  runtime: string,
  words: readonly string[],
  act: (command: ChildProcess) => void,
): Promise<[code: number | null, signal: string | null]> {
  const directory = mkdtempSync(join(tmpdir(), "bench-"));
  const file = join(directory, "pids");
  const all = ["bench", fixture("pid"), "--runtimes", runtime, "--deno-args", "-A", ...words];
  const [program = "", ...args] = command(join(ROOT, "cli.ts"), all);
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...process.env, TEST_PID_FILE: file },
    stdio: "ignore",
  });
  try {
    const ended = once(child, "exit");
    const written = () => existsSync(file) && readFileSync(file, "utf8").endsWith("\n");
    while (!written()) await sleep(20);
    act(child);
    const end = await ended as [number | null, string | null];
    const pids = readFileSync(file, "utf8").trim().split(" ");
    assertEquals(pids.length, 2);
    for (const pid of pids) while (isAlive(pid)) await sleep(20);
    return end;
  } finally {
    child.kill("SIGKILL");
    rmSync(directory, { recursive: true });
  }
}

/** Neither gone, nor dead and not yet buried. */
function isAlive(pid: string): boolean {
  const stat = `/proc/${pid}/stat`;
  return existsSync(stat) && readFileSync(stat, "utf8").replace(/.*\) /s, "")[0] !== "Z";
}

test("vdso bench takes its processes with it when it is ended", TIMEOUT, async () => {
  // Some runtimes have a way of their own with SIGINT.
  for (const name of ["SIGINT" as const, ...(full ? ["SIGTERM" as const] : [])]) {
    const [code, signal] = await endOf("bun", [], (command) => command.kill(name));
    const expected = 128 + constants.signals[name];
    // Deno's node:child_process tells the signal that it sent, whatever became of it.
    assert(code === expected || (runtime === "deno" && signal === name), `${code} ${signal}`);
  }
});

test("vdso bench leaves no process behind that a file has started", TIMEOUT, async () => {
  for (const runtime of full ? ["deno", "bun", "node26"] : [own]) {
    const [code] = await endOf(runtime, ["--filter", "short"], () => {});
    assertEquals([runtime, code], [runtime, 0]);
  }
});

const script = skipUnless(
  spawnSync("script", ["--version"]).status === 0,
  "script(1) is not installed",
  "REQUIRE_SCRIPT",
);

test("vdso bench shows on a terminal what it is doing", { ...TIMEOUT, skip: script }, () => {
  const { code, stdout } = vdsoBench(
    [fixture("sides"), "--runtimes", "bun", "--filter", "^plain"],
    {
      // script(1) makes a terminal.
      launcher: ["bash", "-c", 'exec script -qec "${*@Q}" /dev/null', "bash"],
    },
  );
  assertEquals(code, 0, stdout); // a terminal has both
  // Drawn over and over in one line, and gone in the end.
  const parts = stdout.split("\r\x1b[K");
  assert(parts.some((part) => /^█*░+ \d+ % {2}bun: plain$/.test(part)), stdout);
  assertMatch(parts.at(-1) ?? "", /^[^░]*benchmark +bun\r?\nplain +[^░]*$/);
});

const elsewhere = !full && runtime !== "node" &&
  "in the full tier: the environment says it, whatever the runtime";

test("vdso bench shows a dumb terminal plain text", {
  ...TIMEOUT,
  skip: script || elsewhere,
}, () => {
  const { code, stdout } = vdsoBench(
    [fixture("sides"), "--runtimes", "bun", "--filter", "^plain", "--time", "1"],
    {
      launcher: ["bash", "-c", 'exec script -qec "${*@Q}" /dev/null', "bash"],
      env: { TERM: "dumb", NO_COLOR: "" },
    },
  );
  assertEquals(code, 0, stdout); // a terminal has both
  assertMatch(stdout, /^plain /m);
  assert(!stdout.includes("\x1b"), stdout);
});

test("vdso bench tells how a process ended, and ends one that hangs", TIMEOUT, async () => {
  const { code, stdout } = await EARLY;
  assertEquals(code, 1);
  const { failures } = JSON.parse(stdout) as BenchReport;
  const [killed, hung, threw] = failures.map(({ reason }) => reason);
  assertEquals(killed, 'Was killed by SIGKILL in "fatal"');
  assertEquals(hung, '"endless" took more than 2 s: killed');
  assertMatch(threw ?? "", /^"faulty" threw RangeError: On purpose\n +at .*bench_throws\.ts/);
});
