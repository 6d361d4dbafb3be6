import { assertEquals, assertStringIncludes } from "@std/assert";
import { test } from "node:test";
import {
  checkServers,
  serverTables,
  shortTable,
} from "../../../../scripts/measure/server/report.ts";
import type { Contender, Report, Style } from "../../../../scripts/measure/server/results.ts";

const added = (style: Style, contender: Contender, median: number, from: number, to: number) => ({
  style,
  contender,
  median,
  from,
  to,
});
const report: Report = {
  machine: {
    date: "2026-12-01",
    cpu: "Sundial",
    cores: 2,
    load: 0.25,
    arch: "x64",
    kernel: "7.0",
    clocksource: "shadow",
    governor: null,
    libc: null,
    gcc: null,
  },
  processes: 11,
  rounds: 9,
  requests: 100,
  runtimes: [{
    runtime: "bun",
    version: "1",
    base: { synchronous: 9000.4, asynchronous: 9500, Hono: 11_000 },
    added: [
      added("synchronous", "nobody, again", 3, -10, 12),
      added("synchronous", "@x/vdso/server", 80.4, 70, 90),
      added("synchronous", "prom-client", 1000, 500, 1600),
      added("synchronous", "OpenTelemetry SDK", 90, -10, 200),
      added("asynchronous", "@x/vdso/server", 240, 200, 280),
      added("Hono", "@hono/prometheus", 2000, 1900, 2100),
    ],
  }, {
    runtime: "node24",
    version: "24",
    base: { "node:http": 20_000 },
    added: [added("node:http", "@x/vdso/server", 900, 800, 1000)],
  }],
};

test("serverTables() has a table for each style, with intervals", () => {
  const text = serverTables(report, true);
  assertStringIncludes(
    text,
    "2026-12-01, Sundial, 2 cores, Linux 7.0, load 0.3; medians of 11 processes, 9 rounds each:",
  );
  assertStringIncludes(text, "| @x/vdso/server        |      80 (70 to 90) |");
  assertStringIncludes(text, "| nobody, again         |      3 (-10 to 12) |");
  assertStringIncludes(
    serverTables({ ...report, cpu: 0 }, true),
    "load 0.3; servers and client each on a CPU of their own, medians of",
  );
  assertStringIncludes(text, "| the server itself     |               9000 |");
  assertEquals(text.match(/^\| ns of CPU per request/gm)?.length, 4);
});

test("shortTable() says what is not known", () => {
  const rows = shortTable(report).split("\n").filter((line) => line.startsWith("|"))
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
  assertEquals(rows.filter((_, i) => i !== 1), [
    ["ns of CPU per request", "bun", "node24"],
    ["@x/vdso/server", "80", "900"],
    ["prom-client", "~1000", ""],
    ["@prometheus-io/client", "", ""],
    ["OpenTelemetry SDK", "<200", ""],
    ["Hono: @x/vdso/server", "", ""],
    ["Hono: @hono/prometheus", "2000", ""],
  ]);
});

test("checkServers() tells what holds only where the whole interval does", () => {
  assertEquals(checkServers(report).map(({ holds }) => holds), ["yes", "cannot be told", "no"]);
});
