/** What the tests of real servers share: they are started, loaded, and scraped. */
import { assert, assertEquals } from "@std/assert";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { RUNTIMES } from "../scripts/runtimes.ts";
import type { SeriesSnapshot, Snapshot } from "../server/mod.ts";
import { command, ROOT, skipUnless } from "./support.ts";

const missing = (program: string) => spawnSync("which", [program]).status !== 0;
const skip = (program: string, required: string) =>
  skipUnless(!missing(program), `${program} is not installed`, required);

/** The `skip` of tests that load servers and have Prometheus look at them. */
export const skipLoad = skip("wrk", "REQUIRE_WRK") || skip("prometheus", "REQUIRE_PROMETHEUS");
export const skipChromium = skip("chromium", "REQUIRE_CHROMIUM");

/** Runs a program to its end, while this one goes on; returns what it printed. */
export async function output(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close") as Promise<[number | null]>;
  const texts = [child.stdout, child.stderr].map(async (stream) => {
    let text = "";
    for await (const chunk of stream) text += chunk;
    return text;
  });
  const [[code], stdout, stderr] = await Promise.all([ended, ...texts]);
  assertEquals(code, 0, `${program}: ${stdout}${stderr}`);
  return stdout ?? "";
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = child.exitCode !== null || once(child, "exit");
  child.kill();
  await ended;
}

/** Starts tests/fixtures/real_server.ts in this runtime while `use` runs. */
export async function withServer(kind: string, use: (url: string) => Promise<void>): Promise<void> {
  const [program = "", ...args] = command(join(ROOT, "tests/fixtures/real_server.ts"), [kind]);
  const server = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] }); // it logs failures
  try {
    let url: string | undefined;
    for await (const line of createInterface(server.stdout)) {
      [, url] = /^Listening on (http:\S+\/)$/.exec(line) ?? [];
      if (url !== undefined) break;
    }
    assert(url !== undefined, `the server of ${kind} is listening`);
    await use(url);
  } finally {
    await stop(server);
  }
}

export interface Load {
  /** Responses by kind. */
  readonly ok: number;
  readonly failed: number;
}

/** What runs the clients, in whichever runtime the server is. */
export const NODE = RUNTIMES.find(({ name }) => name === "node26")?.bin ?? "";

/** Shots of autocannon's, by its names. */
export interface Shots {
  readonly url: string;
  /** Exactly so many requests. */
  readonly amount: number;
  readonly connections: number;
}

/** One after the other, by autocannon, in a process of its own. */
export async function cannon(series: readonly Shots[]): Promise<Load[]> {
  const program = `const autocannon = require(process.argv[1]);
    (async () => {
      const reports = [];
      for (const shots of JSON.parse(process.argv[2])) reports.push(await autocannon(shots));
      console.log(JSON.stringify(reports));
    })();`;
  const text = await output(NODE, [
    "--eval",
    program,
    join(ROOT, "node_modules/autocannon"),
    JSON.stringify(series),
  ]);
  const reports = JSON.parse(text) as Record<"2xx" | "non2xx" | "errors" | "timeouts", number>[];
  return reports.map((report) => {
    assertEquals([report.errors, report.timeouts], [0, 0]);
    return { ok: report["2xx"], failed: report.non2xx };
  });
}

/** What wrk counts in a second. Of each connection, it leaves one request behind at the end. */
export async function wrk(url: string, connections: number): Promise<number> {
  const args = ["--threads", "1", "--connections", `${connections}`, "--duration", "1s", url];
  const text = await output("wrk", args);
  assert(!/Socket errors|Non-2xx/.test(text), text);
  const [, requests] = /(\d+) requests in/.exec(text) ?? [];
  return Number(requests);
}

export async function json<T>(url: string): Promise<T> {
  const response = await fetch(url);
  return await response.json() as T;
}

/** The series of a route, but for those that have counted nothing. */
export function seriesOf({ series }: Snapshot, route: string): SeriesSnapshot[] {
  return series.filter(({ labels, count }) => labels?.route === route && count > 0);
}

export const countOf = (series: readonly SeriesSnapshot[]): number =>
  series.reduce((sum, { count }) => sum + count, 0);

/** A port that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Asks Prometheus: the value, or undefined where there is none yet. */
export type Query = (expression: string) => Promise<number | undefined>;

/** Has Debian's Prometheus scrape a server five times a second while `use` runs. */
export async function withPrometheus(
  url: string,
  use: (query: Query) => Promise<void>,
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "vdso-prometheus-"));
  const port = await freePort();
  writeFileSync(
    join(directory, "prometheus.yml"),
    `
global: { scrape_interval: 200ms, scrape_timeout: 200ms }
scrape_configs:
  - { job_name: server, static_configs: [{ targets: ["${new URL(url).host}"] }] }
`,
  );
  const prometheus = spawn("prometheus", [
    `--config.file=${directory}/prometheus.yml`,
    `--storage.tsdb.path=${directory}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--log.level=error",
  ], { stdio: "ignore" });
  const api = `http://127.0.0.1:${port}/api/v1/query?query=`;
  try {
    await use(async (expression) => {
      try {
        const { data: { result } } = await json<{ data: { result: { value: [0, string] }[] } }>(
          api + encodeURIComponent(expression),
        );
        assert(result.length < 2, `${expression} is one series`);
        return result[0] && Number(result[0].value[1]);
      } catch (error) {
        if (error instanceof TypeError || (error as Error).name === "ConnectionRefused") return;
        if (error instanceof SyntaxError) return; // it says that it is not ready yet
        throw error;
      }
    });
  } finally {
    await stop(prometheus);
    rmSync(directory, { recursive: true });
  }
}

/** Waits until it is so; the test's timeout ends that. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!await holds()) await new Promise((resolve) => setTimeout(resolve, 100));
}
