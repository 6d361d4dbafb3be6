/** The tables of what was measured of servers, and what is promised. */
import type { RuntimeName } from "../../runtimes.ts";
import { table } from "../table.ts";
import type { Added, Contender, Report, RuntimeResult, Style } from "./results.ts";

const STYLES: readonly (readonly [Style, title: string])[] = [
  ["synchronous", "A synchronous handler of `Bun.serve` and `Deno.serve`"],
  ["asynchronous", "An asynchronous one"],
  ["Hono", "Middleware of Hono (in Node on @hono/node-server)"],
  ["node:http", "node:http, as under Express and Fastify"],
];

/** In the README: the way that each runtime has for most. */
const USUAL = (runtime: RuntimeName): Style =>
  runtime.startsWith("node") ? "node:http" : "synchronous";

const OURS: Contender = "@x/vdso/server";
/** Of every style. */
const CONTENDERS: readonly Contender[] = [
  OURS,
  "prom-client",
  "@prometheus-io/client",
  "OpenTelemetry SDK",
];
/** In all tables, where they have a figure. */
const ROWS: readonly Contender[] = [
  ...CONTENDERS,
  "@hono/prometheus",
  "middleware that does nothing",
  "nobody, again",
];
/** In the README; the style that is left out is the usual one of each runtime. */
const SHORT_ROWS: readonly (readonly [name: string, Contender, Style?])[] = [
  ...CONTENDERS.map((contender) => [contender, contender] as const),
  [`Hono: ${OURS}`, OURS, "Hono"],
  ["Hono: @hono/prometheus", "@hono/prometheus", "Hono"],
];

/** All tables, with their intervals. */
export function serverTables(report: Report, markdown: boolean): string {
  const { runtimes } = report;
  const tables = STYLES.flatMap(([style, title]) => {
    const with_ = runtimes.filter(({ base }) => base[style] !== undefined);
    if (with_.length === 0) return [];
    const head = ["ns of CPU per request", ...with_.map(({ runtime }) => runtime)];
    const base = ["the server itself", ...with_.map((one) => one.base[style]?.toFixed(0) ?? "")];
    const rows = ROWS
      .map((contender) => [
        contender,
        ...with_.map((one) => intervalText(find(one, style, contender))),
      ])
      .filter(([, ...cells]) => cells.some((cell) => cell !== ""));
    return [`${title}:`, table([head, ...rows, base], markdown)];
  });
  return [whereText(report), ...tables].join("\n\n");
}

/** The README's table: medians, as far as they are known. */
export function shortTable(report: Report): string {
  const { runtimes } = report;
  const head = ["ns of CPU per request", ...runtimes.map(({ runtime }) => runtime)];
  const rows = SHORT_ROWS.map(([name, contender, style]) => [
    name,
    ...runtimes.map((one) => shortText(find(one, style ?? USUAL(one.runtime), contender))),
  ]);
  return `${whereText(report)}\n\n${table([head, ...rows], true)}`;
}

function whereText({ machine, processes, rounds, cpu: own }: Report): string {
  const { date, cpu, kernel, cores, load } = machine;
  const where = own === undefined ? "" : "servers and client each on a CPU of their own, ";
  return `${date}, ${cpu}, ${cores} cores, Linux ${kernel}, load ${load.toFixed(1)}; ${where}` +
    `medians of ${processes} processes, ${rounds} rounds each:`;
}

function find({ added }: RuntimeResult, style: Style, contender: Contender): Added | undefined {
  return added.find((one) => one.style === style && one.contender === contender);
}

function intervalText(added: Added | undefined): string {
  if (!added) return "";
  const [median, from, to] = [added.median, added.from, added.to].map((ns) => ns.toFixed(0));
  return `${median} (${from} to ${to})`;
}

/**
 * `~` before a median that is not known to a quarter, or to 50 ns; `<` where it may be nothing, before
 * what it is at most.
 */
function shortText(added: Added | undefined): string {
  if (!added) return "";
  const { median, from, to } = added;
  if (from <= 0) return `<${Math.max(to, 0).toFixed(0)}`;
  const rough = to - from > Math.max(100, median / 2);
  return `${rough ? "~" : ""}${median.toFixed(0)}`;
}

/** At most so many nanoseconds. */
const PROMISES: Readonly<Record<Style, number | undefined>> = {
  synchronous: 150,
  asynchronous: 250,
  "node:http": 500,
  Hono: undefined,
};

export interface Verdict {
  readonly holds: "yes" | "no" | "cannot be told";
  readonly text: string;
}

/** Whether it holds is told only where the whole interval is on one side. */
export function checkServers({ runtimes }: Report): Verdict[] {
  return runtimes.flatMap((one) =>
    STYLES.flatMap(([style]) => {
      const limit = PROMISES[style];
      const added = find(one, style, OURS);
      if (limit === undefined || added === undefined) return [];
      const holds = added.to <= limit ? "yes" : added.from > limit ? "no" : "cannot be told";
      const text = `${one.runtime}, ${style}: ${intervalText(added)} ns, at most ${limit}`;
      return [{ holds, text: `${text}: ${holds}` } as const];
    })
  );
}
