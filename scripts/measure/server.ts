/**
 * Measures the CPU time, user and system, that counting requests adds to a request: this library,
 * prom-client, @prometheus-io/client, OpenTelemetry's SDK and @hono/prometheus, in every runtime.
 * Half an hour to an hour, as the machine is.
 *
 *   npm run bench:server -- [--runtimes deno,bun,...] [--processes 21] [--rounds 101]
 *     [--requests 320] [--ours] [--json | --markdown] [--write] [--assert]
 *
 * All contenders are servers of one process; of node:http each has a process of its own, since ours
 * hears of all servers there. Node's run in one thread, so that all are compiled alike. In each round
 * every one of them gets so many requests, in an order that is drawn anew, on 16 connections, and is
 * compared with the one of that round that counts nothing. All that is done in several processes, one
 * after the other, of which each gives one figure. The servers are kept on one CPU and the client on
 * another, where there are two.
 * `--ours` measures what the promises are about alone, for more processes in the same time;
 * `--write` writes the tables into docs/servers.md and the README; `--assert` exits with 1 if a
 * promise does not hold.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { ROOT } from "../runtimes.ts";
import { writeMarkdown } from "../write_markdown.ts";
import { machine } from "./machine.ts";
import { withMarked } from "./marked.ts";
import { chooseRuntimes, count } from "./options.ts";
import { checkServers, serverTables, shortTable } from "./server/report.ts";
import type { Report, RuntimeResult } from "./server/results.ts";
import { keepApart, measureServers } from "./server/rounds.ts";

const COMMAND = "npm run bench:server";

const { values: options } = parseArgs({
  options: {
    runtimes: { type: "string" },
    processes: { type: "string", default: "21" },
    rounds: { type: "string", default: "101" },
    requests: { type: "string", default: "320" },
    ours: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    markdown: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    assert: { type: "boolean", default: false },
  },
});
if (options.ours && options.write) throw new Error("The tables have all contenders: not --ours");
const runtimes = chooseRuntimes(options.runtimes);
const here = machine();
const effort = {
  processes: count("processes", options.processes),
  rounds: count("rounds", options.rounds),
  requests: count("requests", options.requests),
  cpu: keepApart(),
  oursAlone: options.ours,
};
const results: RuntimeResult[] = [];
for (const runtime of runtimes) {
  if (process.stderr.isTTY) console.error(`Measuring servers in ${runtime.name} ...`);
  results.push(await measureServers(runtime, effort));
}
const report: Report = { machine: here, ...effort, runtimes: results };

console.log(options.json ? JSON.stringify(report) : serverTables(report, options.markdown));
const verdicts = checkServers(report);
for (const { text } of verdicts) console.error(text);

if (options.write) {
  for (
    const [file, content] of [
      ["docs/servers.md", serverTables(report, true)],
      ["README.md", shortTable(report)],
    ] as const
  ) {
    const path = join(ROOT, file);
    writeMarkdown(path, withMarked(readFileSync(path, "utf8"), COMMAND, content));
  }
}
if (options.assert && verdicts.some(({ holds }) => holds === "no")) process.exitCode = 1;
