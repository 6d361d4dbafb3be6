/**
 * `vdso`: what the vDSO is here, which path is live, and what a call costs.
 *
 * @module
 */
import { thisRuntime } from "../bench/environment.ts";
import { inspect, type Sources, sources, UnsupportedError, type VdsoInfo } from "../mod.ts";
import { CLOCKS, type Costs, measureCosts, type Relative } from "./measure.ts";
import { columns, pairs, style, toJson } from "./output.ts";
import { type Platform, platform } from "./platform.ts";

/** The keys of `vdso --json`. What could not be had is null. */
export interface Summary {
  readonly runtime: { readonly name: string; readonly version: string };
  readonly platform: Platform;
  readonly sources: Sources;
  readonly vdso: SummaryVdso | null;
  readonly cost: Costs;
}

/** {@link VdsoInfo} for the eyes of others: without addresses, unless they are asked for. */
export type SummaryVdso =
  & Omit<VdsoInfo, "base" | "image" | "symbols" | "ranges">
  & { readonly base: bigint | null; readonly ranges: VdsoInfo["ranges"] | null }
  & { readonly symbols: readonly { readonly name: string; readonly version: string | null }[] };

/** Collects everything; measures for 0.3 to 0.7 s. */
export function summarize(options: { addresses: boolean }): Summary {
  const live = sources();
  return {
    runtime: thisRuntime(),
    platform: platform(),
    sources: live,
    vdso: describe(options.addresses),
    cost: measureCosts(live),
  };
}

function describe(addresses: boolean): SummaryVdso | null {
  try {
    const { base, ranges, symbols, image: _, ...info } = inspect();
    return {
      ...info,
      base: addresses ? base : null,
      ranges: addresses && ranges ? ranges : null,
      symbols: symbols.map(({ name, version = null }) => ({ name, version })),
    };
  } catch (error) {
    if (error instanceof UnsupportedError) return null;
    throw error;
  }
}

/** The summary as text. */
export function printSummary(summary: Summary): string {
  const { runtime, platform: machine, sources: live, vdso, cost } = summary;
  const rows: [string, string][] = [
    ["runtime", `${runtime.name} ${runtime.version}`],
    ["machine", [machine.cpu ?? "unknown CPU", machine.arch].join(", ")],
    ["kernel", `${machine.os} ${machine.kernel ?? "unknown"}`],
    ["clocksource", machine.clocksource ?? "not readable here"],
    ["ffi", live.ffi],
    ["timeline", `of the ${live.timeline === "machine" ? "machine" : "JavaScript context only"}`],
  ];
  for (const [entry, source] of Object.entries(live.entries)) rows.push([entry, source]);
  if (live.reason) rows.push(["because", live.reason]);
  if (vdso) {
    rows.push(["vdso", [vdso.soname ?? "no soname", `${vdso.size} bytes`].join(", ")]);
    if (vdso.linuxVersion) rows.push(["  built from", `Linux ${vdso.linuxVersion}`]);
    if (vdso.buildId) rows.push(["  build id", vdso.buildId]);
    rows.push(["  hash tables", vdso.hashStyles.join(", ")]);
    if (vdso.base !== null) rows.push(["  mapped at", `0x${vdso.base.toString(16)}`]);
    for (const range of vdso.ranges ?? []) {
      const ends = [range.start, range.end].map((address) => address.toString(16)).join("-");
      rows.push(["", `${ends} ${range.permissions} ${range.name}`]);
    }
    vdso.symbols.forEach(({ name, version }, i) =>
      rows.push([i === 0 ? "  symbols" : "", version === null ? name : `${name}@${version}`])
    );
  }
  if (vdso?.vsyscall) rows.push(["vsyscall", vdso.vsyscall]);
  return `${pairs(rows)}\n\n${printCosts(cost)}`;
}

function printCosts(cost: Costs): string {
  const { relative, doubts, rounds, disturbance } = cost;
  const rows = [[CLOCKS.now, printNs(cost.now), "1.00"]];
  const notes = [
    `Medians of ${rounds} rounds, in turns`,
    ...doubts.map(({ clock, reason }) => `?: ${clock}: ${reason}`),
  ];
  const row = (clock: string, ns: number | undefined, ratio: Relative | undefined) => {
    if (ns === undefined || ratio === undefined) return;
    const doubtful = isDoubtful(cost, clock);
    rows.push([clock, printNs(ns), printRelative(ratio, doubtful)]);
    if (doubtful || !isVague(ratio)) return;
    notes.push(`?: ${clock}: ${ratio.low.toFixed(2)} to ${ratio.high.toFixed(2)} times now()`);
  };
  row(CLOCKS.native, cost.native, relative.native);
  row(CLOCKS.syscall, cost.syscall, relative.syscall);
  for (const [name, ns] of Object.entries(cost.builtin)) {
    row(`${name}()`, ns, relative.builtin[name]);
  }
  if (rows.some(([, , ratio]) => ratio?.startsWith("~"))) {
    notes.push(`~: may be off by more than ${EXACT / 2 * 100} %`);
  }
  if (disturbance.disturbed) notes.push(`Disturbed: ${disturbance.reasons.join("; ")}`);
  return [
    columns(["clock", "ns per call", "relative"], rows),
    "",
    ...notes.map((note) => style("dim", note)),
  ].join("\n");
}

/** A figure of `vdso`. */
export function printNs(ns: number): string {
  return ns.toFixed(1);
}

/** Up to here an interval, as a part of the ratio, leaves two decimals standing. */
const EXACT = 0.05;
/** From here on it says nothing. */
const VAGUE = 0.5;

function widthOf({ ratio, low, high }: Relative): number {
  return (high - low) / ratio;
}

function isVague(relative: Relative): boolean {
  return !(widthOf(relative) <= VAGUE); // NaN is
}

/** Whether a clock's ratio to `now()` means nothing, however narrow its interval. */
export function isDoubtful({ doubts }: Pick<Costs, "doubts">, clock: string): boolean {
  return doubts.some((doubt) => doubt.clock === clock || doubt.clock === CLOCKS.now);
}

/** `1.07`; `~1.1` where it may be off by more; `?` where it cannot be told. */
export function printRelative(relative: Relative, doubtful: boolean): string {
  if (doubtful || isVague(relative)) return "?";
  const { ratio } = relative;
  return widthOf(relative) <= EXACT ? ratio.toFixed(2) : `~${Number(ratio.toPrecision(2))}`;
}

/** The whole command. */
export function summaryCommand(options: { json: boolean; addresses: boolean }): string {
  const summary = summarize(options);
  return options.json ? toJson(summary) : printSummary(summary);
}
