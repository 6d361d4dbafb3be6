/**
 * `vdso sources` and `vdso now`: what answers, and the answer.
 *
 * @module
 */
import { CLOCK_MONOTONIC, clockGettime, now, sources } from "../mod.ts";
import { CLOCK_NAMES } from "../doctor/clock_names.ts";
import { pairs, toJson } from "./output.ts";

/** Prints the live paths. */
export function sourcesCommand({ json }: { json: boolean }): string {
  const live = sources();
  if (json) return toJson(live);
  const rows: [string, string][] = [
    ["ffi", live.ffi],
    ["timeline", live.timeline],
    ...Object.entries(live.entries),
  ];
  if (live.reason) rows.push(["reason", live.reason]);
  return pairs(rows);
}

/** Prints the time. */
export function nowCommand(options: { clock: string; bigint: boolean; json: boolean }): string {
  const id = CLOCK_NAMES[options.clock] ?? CLOCK_MONOTONIC;
  // now() itself for its own clock: it is there without any FFI.
  // The clocks of some runtimes have fractions.
  const ns = options.bigint || id !== CLOCK_MONOTONIC ? clockGettime(id) : Math.round(now());
  // In JSON a string: a bigint has no number of its own there.
  if (options.json) return toJson({ clock: options.clock, ns: String(ns) });
  return options.bigint ? `${ns}n` : String(ns);
}
