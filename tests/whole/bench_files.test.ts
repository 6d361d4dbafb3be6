/** What files of benchmarks do, and who starts them asks for: `vdso bench` bears it, or says what is wrong. */
// both tiers: node26 (the files run in every runtime, whatever runs the test)
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { benchInProcess, fixture, output, report, TIMEOUT, vdsoBench } from "../bench_command.ts";
import { inDirectory } from "../cli/directory.ts";
import { full, runtime } from "../support.ts";

test("vdso bench keeps what did run where something fails, and exits 1", TIMEOUT, async () => {
  await inDirectory((directory) => {
    const syntax = join(directory, "syntax.ts");
    writeFileSync(syntax, "const = 5;\n");
    const nothing = join(directory, "nothing.ts");
    writeFileSync(nothing, "export {};\n");
    const files = [fixture("crash"), fixture("throws"), syntax, nothing];
    const runtimes = ["node99", "bun", "/bin/true", "node26"];
    const words = [...files, "--runtimes", runtimes.join(","), "--json"];
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
        ["faulty", "node26"],
      ],
    );
    const reasons: [runtime: string, file: string, reason: RegExp][] = [
      ["bun", "crash", /^Was killed by SIGKILL in "fatal"$/],
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

test("vdso bench says so when there is no runtime, or nothing matches", TIMEOUT, async () => {
  const none = [fixture("sides"), "--runtimes", "node99"];
  const missing = await assertRejects(() => benchInProcess(none), Error);
  assertEquals(missing.message, "There is no runtime to run benchmarks in");
  const unmatched = [fixture("sides"), "--runtimes", "bun", "--filter", "sundial"];
  const { message } = await assertRejects(() => benchInProcess(unmatched), Error);
  assertEquals(message, "No benchmark's name matches --filter /sundial/");
});

// Their exit status is in cli/main.test.ts.
test("vdso bench rejects wrong words", TIMEOUT, async () => {
  const file = fixture("sides");
  const wrong: [words: string[], message: RegExp][] = [
    [[file, "--json", "--markdown"], /^Expected --json or --markdown, got both$/],
    [[], /Expected a FILE of benchmarks, got none/],
    [[file, "--runtimes", "sundial"], /Expected deno, bun, node, .*\s*.*, got "sundial"/],
    [[file, "--runtimes", "bun", "--relative-to", "deno"], /to be one of bun, got deno$/],
    [[file, "--filter", "("], /--filter/],
    [[file, "--max-regress", "5%"], /^Expected --max-regress with --compare, got it alone$/],
    [[file, "--compare", "x", "--max-regress", "much"], /Expected a percentage such as 5%/],
  ];
  for (const [words, message] of wrong) {
    assertMatch((await assertRejects(() => benchInProcess(words), RangeError)).message, message);
  }
});

test("vdso bench says in words what is wrong with a file", TIMEOUT, async () => {
  const file = fixture("sides");
  const wrong: [words: string[], message: RegExp][] = [
    [["nowhere.ts"], /^Cannot read nowhere\.ts: there is no such file$/],
    [["tests"], /^Cannot read tests: it is a directory$/],
    [[file, "--compare", "nowhere.json"], /^Cannot read nowhere\.json: there is no such file$/],
    [[file, "--save", "tests"], /^Cannot write tests: it is a directory$/],
  ];
  for (const [words, message] of wrong) {
    const bun = [...words, "--runtimes", "bun"];
    assertMatch((await assertRejects(() => benchInProcess(bun), Error)).message, message);
  }
});

test("vdso bench is not confused by what benchmarks print", TIMEOUT, async () => {
  const runtimes = full ? ["deno", "node26"] : ["deno"];
  const words = [fixture("noise"), "--runtimes", runtimes.join(","), "--json"];
  const { text, ok, said } = await benchInProcess(words);
  assert(ok, said);
  const { benchmarks } = report(text);
  assertEquals(benchmarks.map(({ name }) => name), ["talks", "mutters", "complains"]);
  for (const { results } of benchmarks) {
    assertEquals(results.map(({ runtime }) => runtime), runtimes);
  }
  for (const name of runtimes) {
    assertMatch(said, new RegExp(`^${name} \\| \\.\\.\\. \\d+ more`, "m"));
  }
});

test("vdso bench runs files that run themselves, with its own time", TIMEOUT, async () => {
  const runtimes = ["bun", "node26"];
  const words = [fixture("own_run"), "--runtimes", runtimes.join(","), "--time", "5", "--json"];
  const { benchmarks } = report(await output(words));
  assertEquals(benchmarks.map(({ name }) => name), ["first", "second", "third"]);
  for (const { results } of benchmarks) {
    assertEquals(results.map(({ runtime, runs }) => [runtime, runs.length]), [
      ["bun", 1],
      ["node26", 1],
    ]);
  }
});

test("vdso bench waits for a run that its file does not wait for", TIMEOUT, async () => {
  const runtimes = ["deno", "node26"];
  const words = [fixture("unawaited"), "--runtimes", runtimes.join(","), "--json"];
  const { benchmarks } = report(await output(words));
  assertEquals(
    benchmarks.map(({ name, results }) => [name, ...results.map(({ runtime }) => runtime)]),
    ["first", "third", "second"].map((name) => [name, ...runtimes]),
  );
  const required = await benchInProcess([
    "tests/fixtures/bench_unawaited.cjs",
    "--runtimes",
    "bun",
  ]);
  assertEquals(required.said, "bun | has run\n");
  assertMatch(required.text, /^required +(ns|µs) +\d/m);
});

test("vdso bench goes on after whatever is thrown, and prints any parameter", TIMEOUT, async () => {
  const runtimes = full ? ["bun", "node26"] : ["bun"];
  const words = [fixture("odd"), "--runtimes", runtimes.join(","), "--processes", "2", "--json"];
  const { text, ok } = await benchInProcess(words);
  assertEquals(ok, false);
  const { benchmarks, failures } = report(text);
  const texts = ["null", "undefined", "[object Object]"];
  assertEquals(
    failures.map(({ runtime, reason }) => [runtime, reason]),
    runtimes.flatMap((name) => texts.map((text) => [name, `"throws" threw ${text}`])),
  );
  const thrown = benchmarks.slice(0, texts.length);
  assertEquals(
    thrown.map(({ name, occurrence, failed }) => [name, occurrence, failed]),
    texts.map((_, i) => ["throws", i, runtimes]),
  );
  const ran = benchmarks.slice(texts.length);
  assertEquals(ran.map(({ params, occurrence }) => [params["n"], occurrence]), [
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
  for (const { results } of ran) {
    assertEquals(results.map(({ runs }) => runs.length), runtimes.map(() => 2));
  }
});

test("vdso bench counts --time besides --timeout", TIMEOUT, async () => {
  const words = [fixture("waits"), "--runtimes", "bun", "--json"];
  const { benchmarks } = report(await output([...words, "--time", "3000", "--timeout", "2.9"]));
  assertEquals(benchmarks.length, 1);
});

test("vdso bench --save leaves a base as it was unless everything ran", TIMEOUT, async () => {
  await inDirectory(async (directory) => {
    const file = join(directory, "base.json");
    const words = ["--runtimes", "bun", "--processes", "1", "--save"];
    // Told before anything runs: the file would hang.
    const nowhere = join(directory, "nowhere/base.json");
    const hang = [fixture("hang"), ...words, nowhere];
    const refused = await assertRejects(() => benchInProcess(hang), Error);
    assertMatch(refused.message, /nowhere\/base\.json/);

    writeFileSync(file, "as it was");
    const broken = await benchInProcess([fixture("throws"), fixture("unawaited"), ...words, file]);
    assertEquals(broken.ok, false);
    assertStringIncludes(broken.said, `vdso: ${file} is left as it was: not everything ran\n`);
    assertMatch(broken.text, /^ *first +(ns|µs) +\d/m);
    assertEquals(readFileSync(file, "utf8"), "as it was");

    const unwritten = join(directory, "new.json");
    const unmatched = [fixture("sides"), "--filter", "sundial", ...words, unwritten];
    await assertRejects(() => benchInProcess(unmatched), Error, "No benchmark's name matches");
    assert(!existsSync(unwritten), "nothing measured, nothing written");
  });
});

test("vdso bench prints its table even if it cannot save it", TIMEOUT, async () => {
  const words = [fixture("unawaited"), "--runtimes", "bun", "--processes", "1"];
  const { text, ok, said } = await benchInProcess([...words, "--save", "/dev/full"]);
  assertEquals(ok, false);
  assertMatch(said, /^vdso: Cannot write \/dev\/full: ./);
  assertMatch(text, /^first +(ns|µs) +\d/m);
});

test("vdso bench takes a runtime by its path", TIMEOUT, async () => {
  // Spelt in another way: Deno's node:child_process takes what follows its own path for its own.
  const path = process.execPath.replace(/\/([^/]+)$/, "/./$1");
  const words = [fixture("sides"), "--runtimes", path, "--filter", "^plain", "--json"];
  const { runtimes: [only], benchmarks } = report(await output(words));
  assertEquals(only?.kind, runtime);
  assertMatch(only?.name ?? "", /^(deno|bun|node) \d+\.\d+\.\d+/);
  assertEquals(benchmarks[0]?.results[0]?.runtime, only?.name);
});
