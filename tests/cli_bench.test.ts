/** `vdso bench`, run in this runtime, with benchmarks in all of them. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { BenchReport } from "../cli/bench/report.ts";
import {
  command,
  nodeMajor,
  ROOT,
  run,
  type RunOptions,
  type RunResult,
  runtime,
  skipUnless,
} from "./support.ts";

const TIMEOUT = { timeout: 120_000 };
const fixture = (name: string) => `tests/fixtures/bench_${name}.ts`;

function vdsoBench(args: readonly string[], options: RunOptions = {}): RunResult {
  return run("cli.ts", ["bench", ...args], { timeout: 110_000, ...options });
}

/** Runs it and wants success in silence. */
function output(args: readonly string[]): string {
  const { code, stdout, stderr } = vdsoBench(args);
  assertEquals([stderr, code], ["", 0]);
  return stdout;
}

function report(text: string): BenchReport {
  return JSON.parse(text) as BenchReport;
}

function inDirectory(use: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), "bench-"));
  try {
    use(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const EVERY = ["deno", "bun", "node22", "node24", "node26"];

test("vdso bench --json has every benchmark in every runtime", TIMEOUT, () => {
  const text = output([fixture("sides"), "--runtimes", EVERY.join(","), "--json"]);
  const { version, runtimes, missing, benchmarks, failures, base, ok } = report(text);
  assertEquals({ version, missing, failures, base, ok }, {
    version: 1,
    missing: [],
    failures: [],
    base: null,
    ok: true,
  });
  assertEquals(runtimes.map(({ name }) => name), EVERY);
  assertEquals(runtimes.map(({ kind }) => kind), ["deno", "bun", "node", "node", "node"]);
  assertEquals(runtimes[0]?.flags, ["--no-prompt", "--allow-ffi"]);
  assertEquals(runtimes.map(({ version }) => Number.parseInt(version)).slice(2), [22, 24, 26]);
  assertEquals(
    benchmarks.map(({ file, group, name, params, mode }) => [file, group, name, params, mode]),
    [
      [fixture("sides"), [], "plain", {}, "throughput"],
      [fixture("sides"), ["outer", "inner"], "a | b: µ", {}, "latency"],
      [fixture("sides"), ["outer"], "awaited", {}, "throughput"],
      [fixture("sides"), ["outer"], "sort", { length: 10 }, "throughput"],
      [fixture("sides"), ["outer"], "sort", { length: 100 }, "throughput"],
      [fixture("sides"), [], "plain", {}, "throughput"],
    ],
  );
  for (const { name, results } of benchmarks) {
    assertEquals(results.map(({ runtime }) => runtime), EVERY);
    for (const { runtime, ns, relative, change, runs } of results) {
      assertEquals([runs.length, change], [1, null]);
      assertEquals(relative === null, runtime === "deno");
      const [only] = runs;
      assertEquals(only?.async, name === "awaited");
      assert(ns > 0 && (only?.slices.length ?? 0) > 0 && (only?.histogram.length ?? 0) > 0);
    }
  }
  // Of a base's file and of a report alike: nothing of this machine's paths.
  assert(!text.includes(ROOT), "no path of this machine");
});

test("vdso bench prints one table, relative to a column", TIMEOUT, () => {
  const words = [fixture("sides"), "--runtimes", "bun,node26", "--relative-to", "node26"];
  const text = output([...words, "--filter", "plain|inner|sort"]);
  assertMatch(text, /^bun +bun \d+\.\d+\.\d+ +(ticks by \w+|now by vdso) +[\d.]+ ns +[\d.]+ ns/m);
  assertMatch(text, /^benchmark +bun +node26$/m);
  assertMatch(text, /^plain +(ns|µs) +[\d.]+ +[\d.]+ +[\d.]+ +1\.00$/m);
  assertMatch(text, /^outer\n {2}inner\n {4}a \| b: µ +(ns|µs) .* +1\.00\n {6}p99 +(ns|µs|ms)/m);
  assertMatch(text, /^ {2}sort, length 10 +(ns|µs) .*\n {2}sort, length 100 +(ns|µs) /m);
  assertStringIncludes(text, "the ratio to node26, which may be chance");
});

test("vdso bench --markdown prints a table for Markdown", TIMEOUT, () => {
  const words = [fixture("sides"), "--runtimes", "deno", "--filter", "inner"];
  const text = output([...words, "--markdown"]);
  assertMatch(text, /^- deno: deno [\d.]+ with `--no-prompt` `--allow-ffi`; (ticks|now) by /m);
  assertMatch(text, /^\| benchmark \| deno \|\n\| --- \| ---: \|$/m);
  assertMatch(text, /^\| outer inner a \\\| b: µ \| .*\n\| p99 \| [\d.]+ \S+ \|$/m);
});

test("vdso bench --plot draws histograms and percentiles", TIMEOUT, () => {
  const text = output([fixture("sides"), "--runtimes", "node26", "--filter", "inner", "--plot"]);
  assertMatch(text, /^outer inner a \| b: µ\n\nnode26 {2} *[▁▂▃▄▅▆▇█ ]*█/m);
  assertMatch(text, /┤.*━[^]*└┬[^]*min +p50 +p75 +p90 +p99 +p99\.9 +p99\.99 +max/);
});

test("vdso bench keeps what did run where something fails, and exits 1", TIMEOUT, () => {
  inDirectory((directory) => {
    const syntax = join(directory, "syntax.ts");
    writeFileSync(syntax, "const = 5;\n");
    const nothing = join(directory, "nothing.ts");
    writeFileSync(nothing, "export {};\n");
    const files = [fixture("crash"), fixture("hang"), fixture("throws"), syntax, nothing];
    const runtimes = ["node99", "bun", "/bin/true", "node26"];
    const words = [...files, "--runtimes", runtimes.join(","), "--timeout", "10", "--json"];
    const { code, stdout, stderr } = vdsoBench(words);
    assertEquals(code, 1);
    const { ok, missing, failures, benchmarks } = report(stdout);
    assertEquals(ok, false);
    assertEquals(missing.map(({ name }) => name), ["node99", "/bin/true"]);
    assertEquals(
      benchmarks.map(({ name, results }) => [name, ...results.map(({ runtime }) => runtime)]),
      [
        ["sound", "bun", "node26"],
        ["fatal", "node26"],
        ["endless", "node26"],
        ["faulty", "node26"],
      ],
    );
    const reasons: [runtime: string, file: string, reason: RegExp][] = [
      ["bun", "crash", /^Was killed by SIGKILL in "fatal"$/],
      ["bun", "hang", /^"endless" took more than 10 s: killed$/],
      ["bun", "throws", /^"faulty" threw RangeError: On purpose\n +at .*bench_throws\.ts/],
      ["bun", "syntax", /^Ended with exit status 1$/],
      ["node26", "syntax", /^Ended with exit status 1$/],
      ["bun", "nothing", /nothing\.ts declares no benchmark$/],
      ["node26", "nothing", /nothing\.ts declares no benchmark$/],
    ];
    assertEquals(failures.map(({ runtime }) => runtime), reasons.map(([runtime]) => runtime));
    failures.forEach(({ file, reason, output }, i) => {
      const [runtime = "", name = "", pattern = /^$/] = reasons[i] ?? [];
      assertStringIncludes(file, name);
      assertMatch(reason, pattern);
      assertStringIncludes(stderr, `vdso: ${file} in ${runtime}: ${reason}\n`);
      if (name === "syntax") assertMatch(output.join("\n"), /syntax\.ts[^]*error|Error/i);
    });
    assertMatch(stderr, /^vdso: node99: There is none in node_modules|^vdso: node99: .* is node /m);
    assertMatch(stderr, /^vdso: \/bin\/true: \/bin\/true is no runtime that is known here$/m);
  });
});

test("vdso bench says so when there is no runtime, or nothing matches", TIMEOUT, () => {
  const none = vdsoBench([fixture("sides"), "--runtimes", "node99"]);
  assertEquals([none.code, none.stdout], [1, ""]);
  assertMatch(none.stderr, /\nvdso: There is no runtime to run benchmarks in\n$/);
  const unmatched = vdsoBench([fixture("sides"), "--runtimes", "bun", "--filter", "sundial"]);
  assertEquals(
    [unmatched.code, unmatched.stdout, unmatched.stderr],
    [1, "", "vdso: No benchmark's name matches --filter /sundial/\n"],
  );
});

test("vdso bench rejects wrong words with exit status 2", TIMEOUT, () => {
  const file = fixture("sides");
  const wrong: [words: string[], message: RegExp][] = [
    [[], /Expected at least 1 value/],
    [[file, "--runtimes", "sundial"], /Expected deno, bun, node, .*\s*.*, got "sundial"/],
    [[file, "--runtimes", "bun", "--relative-to", "deno"], /to be one of bun, got deno$/m],
    [[file, "--filter", "("], /--filter/],
    [[file, "--json", "--markdown"], /^vdso: Expected --json or --markdown, got both$/m],
    [[file, "--max-regress", "5%"], /^vdso: Expected --max-regress with --compare, got it alone$/m],
    [[file, "--compare", "x", "--max-regress", "much"], /Expected a percentage such as 5%/],
  ];
  for (const [words, message] of wrong) {
    const { code, stdout, stderr } = vdsoBench(words);
    assertEquals([code, stdout], [2, ""], words.join(" "));
    assertMatch(stderr, message);
  }
});

test("vdso bench is not confused by what benchmarks print", TIMEOUT, () => {
  const runtimes = ["deno", "bun", "node26"];
  const { code, stdout, stderr } = vdsoBench([
    fixture("noise"),
    "--runtimes",
    runtimes.join(","),
    "--json",
  ]);
  assertEquals(code, 0, stderr);
  const { benchmarks } = report(stdout);
  assertEquals(benchmarks.map(({ name }) => name), ["talks", "mutters", "complains"]);
  for (const { results } of benchmarks) {
    assertEquals(results.map(({ runtime }) => runtime), runtimes);
  }
  for (const name of runtimes) {
    assertMatch(stderr, new RegExp(`^${name} \\| \\.\\.\\. \\d+ more`, "m"));
  }
});

test("vdso bench runs files that run themselves, with its own time", TIMEOUT, () => {
  const runtimes = ["deno", "bun", "node22"];
  const words = [fixture("own_run"), "--runtimes", runtimes.join(","), "--time", "5", "--json"];
  const { benchmarks } = report(output(words));
  assertEquals(benchmarks.map(({ name }) => name), ["first", "second", "third"]);
  for (const { results } of benchmarks) {
    assertEquals(results.map(({ runtime, runs }) => [runtime, runs.length]), [
      ["deno", 1],
      ["bun", 1],
      ["node22", 1],
    ]);
  }
});

test("vdso bench waits for a run that its file does not wait for", TIMEOUT, () => {
  const runtimes = ["deno", "bun", "node22"];
  const words = [fixture("unawaited"), "--runtimes", runtimes.join(","), "--json"];
  const { benchmarks } = report(output(words));
  assertEquals(
    benchmarks.map(({ name, results }) => [name, ...results.map(({ runtime }) => runtime)]),
    ["first", "third", "second"].map((name) => [name, ...runtimes]),
  );
  const required = vdsoBench(["tests/fixtures/bench_unawaited.cjs", "--runtimes", "bun,node26"]);
  assertEquals(required.stderr, "bun | has run\nnode26 | has run\n");
  assertMatch(required.stdout, /^required +(ns|µs) +\d/m);
});

test("vdso bench goes on after whatever is thrown, and prints any parameter", TIMEOUT, () => {
  const runtimes = ["deno", "bun", "node26"];
  const words = [fixture("odd"), "--runtimes", runtimes.join(","), "--processes", "2", "--json"];
  const { code, stdout } = vdsoBench(words);
  assertEquals(code, 1);
  const { benchmarks, failures } = report(stdout);
  const texts = ["null", "undefined", "[object Object]"];
  assertEquals(
    failures.map(({ runtime, reason }) => [runtime, reason]),
    runtimes.flatMap((name) => texts.map((text) => [name, `"throws" threw ${text}`])),
  );
  assertEquals(benchmarks.map(({ params, occurrence }) => [params["n"], occurrence]), [
    ["10n", 0],
    ["10n", 1], // the text
    ["Infinity", 0],
    ["sin", 0],
    ["cos", 0],
    ["Symbol(s)", 0],
    ["undefined", 0],
    ["/x/", 0],
    [["1n"], 0],
    ["[object Array]", 0],
  ]);
  for (const { results } of benchmarks) {
    assertEquals(results.map(({ runs }) => runs.length), [2, 2, 2]);
  }
});

test("vdso bench counts --time besides --timeout", TIMEOUT, () => {
  const words = [fixture("own_run"), "--runtimes", "bun", "--filter", "first", "--json"];
  const { benchmarks } = report(output([...words, "--time", "3000", "--timeout", "2.8"]));
  assertEquals(benchmarks.length, 1);
});

test("vdso bench --save leaves a base as it was unless everything ran", TIMEOUT, () => {
  inDirectory((directory) => {
    const file = join(directory, "base.json");
    const words = ["--runtimes", "bun", "--processes", "1", "--save"];
    // Told before anything runs: the file would hang.
    const nowhere = join(directory, "nowhere/base.json");
    const refused = vdsoBench([fixture("hang"), ...words, nowhere]);
    assertEquals([refused.code, refused.stdout], [1, ""]);
    assertMatch(refused.stderr, /^vdso: .*nowhere\/base\.json/);

    writeFileSync(file, "as it was");
    const broken = vdsoBench([fixture("throws"), fixture("unawaited"), ...words, file]);
    assertEquals(broken.code, 1);
    assertStringIncludes(broken.stderr, `vdso: ${file} is left as it was: not everything ran\n`);
    assertMatch(broken.stdout, /^ *first +(ns|µs) +\d/m);
    assertEquals(readFileSync(file, "utf8"), "as it was");

    const unmatched = join(directory, "new.json");
    vdsoBench([fixture("sides"), "--filter", "sundial", ...words, unmatched]);
    assert(!existsSync(unmatched), "nothing measured, nothing written");
  });
});

test("vdso bench prints its table even if it cannot save it", TIMEOUT, () => {
  const words = [fixture("unawaited"), "--runtimes", "bun", "--processes", "1"];
  const { code, stdout, stderr } = vdsoBench([...words, "--save", "/dev/full"]);
  assertEquals(code, 1);
  assertMatch(stderr, /^vdso: Cannot save: ./);
  assertMatch(stdout, /^first +(ns|µs) +\d/m);
});

const self = runtime === "node" ? `node${nodeMajor}` : runtime;
/** In Deno the environment takes a permission. */
const WORK = [fixture("work"), "--runtimes", self, "--deno-args", "--allow-env=TEST_KILOBYTES"];

test("vdso bench --compare finds a regression, and none where nothing changed", TIMEOUT, () => {
  inDirectory((directory) => {
    const base = join(directory, "base.json");
    const env = (kilobytes: number) => ({ env: { TEST_KILOBYTES: String(kilobytes) } });
    const saved = vdsoBench([...WORK, "--processes", "5", "--save", base], env(64));
    assertEquals([saved.stderr, saved.code], ["", 0]);
    assertEquals(report(readFileSync(base, "utf8")).benchmarks[0]?.results[0]?.runs.length, 5);

    // 64 times the work, where three times as much would do; and as much as before.
    const compare = ["--processes", "5", "--compare", base, "--max-regress", "200%"];
    const slower = vdsoBench([...WORK, ...compare], env(4096));
    assertEquals(slower.code, 1);
    assertMatch(
      slower.stderr,
      new RegExp(
        `^vdso: work in ${self} takes \\d+(\\.\\d)? % longer than in .*: more than 200 %$`,
        "m",
      ),
    );
    assertMatch(slower.stdout, new RegExp(`^against ${base} +${self}\nwork +[\\d.]+ slower$`, "m"));
    const same = vdsoBench([...WORK, ...compare, "--json"], env(64));
    assertEquals([same.stderr, same.code], ["", 0]);
    const { base: compared, benchmarks } = report(same.stdout);
    assertEquals([compared?.maxRegress, compared?.problems], [2, []]);
    assertEquals(benchmarks[0]?.results[0]?.change?.basis, "runs");
  });
});

test("vdso bench --compare refuses what cannot be compared, before it measures", TIMEOUT, () => {
  inDirectory((directory) => {
    const file = join(directory, "base.json");
    output([
      fixture("sides"),
      "--runtimes",
      "bun",
      "--filter",
      "^plain",
      "--processes",
      "1",
      "--save",
      file,
    ]);
    const saved = report(readFileSync(file, "utf8"));
    const five = { ...saved, settings: { ...saved.settings, processes: 5 } };
    const bases: [base: unknown, message: RegExp][] = [
      [saved, /^vdso: Too few process runs to tell a difference: 1 in the base, 10 now\. Five /],
      [
        { ...five, platform: { ...five.platform, cpu: "Sundial 9000" } },
        /^vdso: The base is of another machine, .*: cpu Sundial 9000 there, .* here$/m,
      ],
      [
        { ...five, runtimes: [{ ...five.runtimes[0], name: "node1" }] },
        /^vdso: The base has no results of bun, but of node1$/m,
      ],
      [
        { ...five, benchmarks: five.benchmarks.map((row) => ({ ...row, file: "sides.ts" })) },
        /^vdso: The base has no results of tests\/fixtures\/bench_sides\.ts, but of sides\.ts\. /,
      ],
      [{ version: 2 }, /is not what vdso bench --save writes, in version 1$/m],
      ["text", /is not what vdso bench --save writes, in version 1$/m],
    ];
    for (const [base, message] of bases) {
      writeFileSync(file, JSON.stringify(base));
      const { code, stdout, stderr } = vdsoBench([
        fixture("sides"),
        "--runtimes",
        "bun",
        "--compare",
        file,
      ]);
      assertEquals([code, stdout], [1, ""]);
      assertMatch(stderr, message);
    }
  });
});

test("vdso bench takes a runtime by its path", TIMEOUT, () => {
  // Spelt in another way: Deno's node:child_process takes what follows its own path for its own.
  const path = process.execPath.replace(/\/([^/]+)$/, "/./$1");
  const words = [fixture("sides"), "--runtimes", path, "--filter", "^plain", "--json"];
  const { runtimes: [only], benchmarks } = report(output(words));
  assertEquals(only?.kind, runtime);
  assertMatch(only?.name ?? "", /^(deno|bun|node) \d+\.\d+\.\d+/);
  assertEquals(benchmarks[0]?.results[0]?.runtime, only?.name);
});

const taskset = skipUnless(
  spawnSync("taskset", ["--version"]).status === 0,
  "taskset(1) is not installed",
  "REQUIRE_TASKSET",
);

test("vdso bench --cpu keeps benchmarks on one CPU", { ...TIMEOUT, skip: taskset }, () => {
  const words = [fixture("cpus"), "--runtimes", "bun,node26", "--cpu"];
  const { code, stdout, stderr } = vdsoBench([...words, "0", "--json"]);
  assertEquals([stderr, code], ["bun | CPUs: 0\nnode26 | CPUs: 0\n", 0]);
  assertEquals(report(stdout).settings.cpu, 0);
  const refused = vdsoBench([...words, "60000"]);
  assertEquals([refused.code, refused.stdout], [1, ""]);
  assertMatch(refused.stderr, /^vdso: Cannot pin to CPU 60000: taskset: /);
});

test("vdso bench takes its processes with it when it is ended", TIMEOUT, async () => {
  const directory = mkdtempSync(join(tmpdir(), "bench-"));
  const file = join(directory, "pid");
  const words = ["bench", fixture("pid"), "--runtimes", "node26"];
  const [program = "", ...args] = command(join(ROOT, "cli.ts"), words);
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...process.env, TEST_PID_FILE: file },
    stdio: "ignore",
  });
  try {
    const ended = once(child, "exit");
    const written = () => existsSync(file) && readFileSync(file, "utf8").endsWith("\n");
    while (!written()) await sleep(20);
    child.kill("SIGTERM");
    const [code, signal] = await ended as [number | null, string | null];
    // Deno's node:child_process tells the signal that it sent, whatever became of it.
    assert(code === 128 + 15 || (runtime === "deno" && signal === "SIGTERM"), `${code} ${signal}`);
    // Gone, or dead and not yet buried.
    const stat = `/proc/${readFileSync(file, "utf8").trim()}/stat`;
    const state = () =>
      existsSync(stat) ? readFileSync(stat, "utf8").replace(/.*\) /s, "")[0] : "Z";
    while (state() !== "Z") await sleep(20);
  } finally {
    child.kill("SIGKILL");
    rmSync(directory, { recursive: true });
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
  assertEquals(code, 0);
  // Drawn over and over in one line, and gone in the end.
  const parts = stdout.split("\r\x1b[K");
  assert(parts.some((part) => /^█*░+ \d+ % {2}bun: plain$/.test(part)), stdout);
  assertMatch(parts.at(-1) ?? "", /^[^░]*benchmark +bun\r?\nplain +[^░]*$/);
});
