/** The programs of examples/: each in the runtimes that it is for, and what it prints. */
// npm test: deno, bun, node26 (one of each kind)
import { assert, assertEquals, assertGreater, assertLess, assertMatch } from "@std/assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { denoFlags } from "../examples.ts";
import { command, full, ROOT, run, type RunOptions, runtime } from "../support.ts";

const timeout = 60_000;

/** Runs it, and wants success in silence. */
function example(file: string, args: readonly string[] = [], options: RunOptions = {}): string {
  const { code, stdout, stderr } = run(`examples/${file}`, args, options);
  assertEquals([code, stderr], [0, ""]);
  return stdout;
}

test("each example is in the list, and says how to run it", () => {
  const list = readFileSync(join(ROOT, "examples/README.md"), "utf8");
  const files = readdirSync(join(ROOT, "examples")).filter((file) => file !== "README.md");
  assertGreater(files.length, 0);
  for (const file of files) {
    const source = readFileSync(join(ROOT, "examples", file), "utf8");
    const [comment] = /^\/\*\*\n( \*.*\n)+/.exec(source) ?? [];
    const [, row] = new RegExp(`^\\| \\[${file}\\]\\(${file}\\) +\\| ([^|]+?) +\\|`, "m")
      .exec(list) ?? [];
    for (const name of row?.split(", ") ?? []) {
      assertMatch(
        comment ?? "",
        new RegExp(`^ \\* +${name.toLowerCase()} .*examples/${file}`, "m"),
      );
    }
    assert(row !== undefined, `examples/README.md lists ${file}`);
  }
});

const onlyBun = runtime === "bun" ? false : "the example is for Bun";

test("bun_server.ts tells what its requests cost", { skip: onlyBun, timeout }, async () => {
  const [program = "", ...args] = command(join(ROOT, "examples/bun_server.ts"), ["0"]);
  const server = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const lines = createInterface(server.stdout)[Symbol.asyncIterator]();
    const line = (await lines.next()).value ?? "";
    const [, url] = /^Listening on (http:\/\/localhost:\d+\/)$/.exec(line) ?? [];
    assert(url !== undefined, line);
    const get = async (path: string) => {
      const response = await fetch(url + path, { redirect: "manual" });
      return [response.status, await response.text()];
    };
    assertEquals(await get(""), [200, "Hello\n"]);
    for (let i = 1; i <= 3; i++) assertEquals(await get(`users/${i}`), [200, `user ${i}\n`]);
    assertEquals(await get("slow"), [302, ""]);
    assertEquals(await get("some/path"), [404, "No such page\n"]);
    const socket = new WebSocket(url.replace("http", "ws"));
    await new Promise((resolve) => socket.onopen = resolve);
    const echo = new Promise((resolve) => socket.onmessage = ({ data }) => resolve(data));
    socket.send("echo");
    assertEquals(await echo, "echo");
    const stats = JSON.parse(String((await get("stats"))[1])) as {
      inFlight: number;
      uncounted: string[];
      series: { route?: string; status: number; count: number; p50: number; p99: number }[];
    };
    assertEquals(stats.uncounted, ["/"]);
    assertEquals(stats.inFlight, 1); // this one
    assertEquals(stats.series.map(({ route, status, count }) => [route, status, count]), [
      ["/users/:id", 200, 3],
      ["/slow", 302, 1],
      [undefined, 404, 1],
      [undefined, 101, 1],
    ]);
    const [, slow] = stats.series;
    // It sleeps for 20 ms, which some clocks round down.
    assert(slow!.p50 > 18_000 && slow!.p50 === slow!.p99, `${slow!.p50} µs`);
    const [, text] = await get("metrics");
    assertMatch(
      String(text),
      /^http_request_duration_seconds_count\{method="GET",route="\/users\/:id",status_code="200"\} 3$/m,
    );
    assertMatch(String(text), /^http_websockets_pending 1$/m);
    socket.close();
  } finally {
    const ended = server.exitCode !== null || once(server, "exit");
    server.kill();
    await ended;
  }
});

const onlyDeno = runtime === "deno" ? false : "the example is for Deno";
const LATE = /^late by, in µs: median (-?[\d.]+), p99 (-?[\d.]+), most (-?[\d.]+)$/m;

test("deno_script.ts says what answers, and how late timers are", {
  skip: onlyDeno,
  timeout,
}, () => {
  const file = "deno_script.ts";
  assertEquals(denoFlags(file), ["--allow-ffi"]);
  const ways: [string[], RegExp][] = [
    [denoFlags(file), /^clock: vdso$/m],
    [["--no-prompt"], /^clock: runtime \(Deno grants no FFI .*--allow-ffi/m],
  ];
  for (const [deno, clock] of ways) {
    const start = Date.now();
    const text = example(file, ["50"], { deno });
    const elapsed = Date.now() - start;
    assertMatch(text, clock);
    const [median, p99, most] = LATE.exec(text)?.slice(1).map(Number) ?? [];
    // setTimeout(1) fires a millisecond early at most, however its runtime rounds.
    assert(Number(median) > -1000 && Number(median) <= Number(p99) && Number(p99) <= Number(most));
    // Half of the rounds took the median or more, all of them within the run.
    assertLess(25 * (1 + Number(median) / 1000), elapsed);
  }
});

const notDeno = runtime === "deno" ? "the example is for Node and Bun" : false;
const TIMES = /^least ([\d.]+) ms, median ([\d.]+) ms\n$/;

test("node_tool.cjs times a command", { skip: notDeno, timeout }, () => {
  const start = Date.now();
  const text = example("node_tool.cjs", ["3", "sleep", "0.05"]);
  const elapsed = Date.now() - start;
  const [least, median] = TIMES.exec(text)?.slice(1).map(Number) ?? [];
  assert(Number(least) >= 50 && Number(least) <= Number(median), text);
  assertLess(3 * Number(least), elapsed);
});

test("node_tool.cjs reports a command that fails, and wrong usage", {
  skip: notDeno || !full && runtime === "node" && "in the full tier: it reports as in Bun",
  timeout,
}, () => {
  for (
    const [args, code, message] of [
      [["1", "sh", "-c", "exit 3"], 1, "sh: exit status 3\n"],
      [["1", "/no/such/program"], 1, /^\/no\/such\/program: .*ENOENT/],
      [["1"], 2, "usage: node_tool.cjs ROUNDS COMMAND [ARGS...]\n"],
      [["some", "true"], 2, "usage: node_tool.cjs ROUNDS COMMAND [ARGS...]\n"],
    ] as const
  ) {
    const result = run("examples/node_tool.cjs", args);
    assertEquals([result.code, result.stdout], [code, ""]);
    if (typeof message === "string") assertEquals(result.stderr, message);
    else assertMatch(result.stderr, message);
  }
});

test("workers.ts has stamps of two threads in order", { timeout }, () => {
  const text = example("workers.ts", ["50"], { deno: denoFlags("workers.ts") });
  const lines = text.trimEnd().split("\n");
  assertEquals(lines.length, 2);
  const line = /^(?:there:|back: ) least ([\d.]+) µs, median ([\d.]+) µs$/;
  for (const [, ...micros] of lines.map((text) => line.exec(text) ?? [])) {
    const [least, median] = micros.map(Number);
    // Were the timelines apart by more than a message takes, one direction would be negative.
    assert(Number(least) > 0 && Number(least) <= Number(median), text);
  }
});

test("workers.ts says so where stamps do not compare", { skip: onlyDeno, timeout }, () => {
  const text = example("workers.ts", [], { deno: ["--no-prompt"] });
  assertMatch(text, /^Stamps of Workers do not compare here: Deno grants no FFI/);
});

const elsewhere = !full && runtime !== "deno" &&
  "in the full tier: Deno, where its permissions must do, runs it in this one";

test("log_line.ts writes lines whose times are all different and sorted", {
  skip: elsewhere,
  timeout,
}, () => {
  const before = Date.now();
  const text = example("log_line.ts", ["5000"], { deno: denoFlags("log_line.ts") });
  const after = Date.now();
  const lines = text.trimEnd().split("\n").map((line) =>
    JSON.parse(line) as { time: string; message: string; line: number }
  );
  assertEquals(lines.map(({ line }) => line), Array.from({ length: 5000 }, (_, i) => i + 1));
  const times = lines.map(({ time }) => time);
  assertEquals(times, [...new Set(times)].sort());
  for (const time of times) {
    assertMatch(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
    const ms = Date.parse(time.slice(0, 23) + "Z");
    assert(before <= ms && ms <= after, time);
  }
  // Nanoseconds, not milliseconds with zeros behind.
  assert(times.some((time) => !time.endsWith("000Z")));
});

test("opentelemetry.ts has the times of a trace in order", { skip: elsewhere, timeout }, () => {
  const text = example("opentelemetry.ts", [], { deno: denoFlags("opentelemetry.ts") });
  const [, ...times] = /^query: (\d+) to (\d+) ns\nrequest: 0 to (\d+) ns\n {2}written: (\d+) ns\n$/
    .exec(text) ?? [];
  const [begin, end, last, written] = times.map(Number);
  assert(Number(begin) > 0, text);
  assertLess(Number(begin), Number(end));
  assertLess(Number(end), Number(written));
  assertLess(Number(written), Number(last));
});
