/**
 * `vdso`: what the vDSO is here, which path is live, and what a call costs.
 *
 * @module
 */
import process from "node:process";
import { inspect, type Sources, sources, UnsupportedError, type VdsoInfo } from "../mod.ts";
import { type Costs, measureCosts } from "./measure.ts";
import { columns, pairs, toJson } from "./output.ts";
import { type Platform, platform } from "./platform.ts";

/** The keys of `vdso --json`. What could not be had is null. */
export interface Summary {
  readonly runtime: { readonly name: string; readonly version: string };
  readonly platform: Platform;
  readonly sources: Sources;
  readonly vdso: SummaryVdso | null;
  /** Nanoseconds per call. */
  readonly cost: Costs;
}

/** {@link VdsoInfo} for the eyes of others: without addresses, unless they are asked for. */
export type SummaryVdso =
  & Omit<VdsoInfo, "base" | "image" | "symbols" | "ranges">
  & { readonly base: bigint | null; readonly ranges: VdsoInfo["ranges"] | null }
  & { readonly symbols: readonly { readonly name: string; readonly version: string | null }[] };

/** Collects everything; measures for some 0.2 s. */
export function summarize(options: { addresses: boolean }): Summary {
  const live = sources();
  const { deno, bun, node = "" } = process.versions as Record<string, string | undefined>;
  const [name, version] = deno ? ["deno", deno] : bun ? ["bun", bun] : ["node", node];
  return {
    runtime: { name, version },
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
  const figures: [string, number | undefined][] = [
    ["now()", cost.now],
    ["native C", cost.native],
    ["system call", cost.syscall],
    ...Object.entries(cost.builtin).map(([name, ns]): [string, number] => [`${name}()`, ns]),
  ];
  const rows = figures.flatMap(([name, ns]) =>
    ns === undefined ? [] : [[name, ns.toFixed(1), (ns / cost.now).toFixed(2)]]
  );
  return columns(["clock", "ns per call", "relative"], rows);
}

/** The whole command. */
export function summaryCommand(options: { json: boolean; addresses: boolean }): string {
  const summary = summarize(options);
  return options.json ? toJson(summary) : printSummary(summary);
}
