/**
 * Watches the clocks while a program runs.
 *
 * @module
 */
import { detectPlatform, globals, show } from "../../core/internals.ts";
import { clockCost } from "../cost.ts";
import { findGroups, readGroups } from "../facts/cgroup.ts";
import { kernelFiles, Reader } from "../facts/files.ts";
import { readClocksource, readMachine, readVm } from "../facts/machine.ts";
import { askCounter, askCpuid, askTimex } from "../facts/native.ts";
import { fillFacts } from "../facts/shape.ts";
import type { Facts } from "../facts/types.ts";
import { sources } from "../../mod.ts";
import { looker } from "./look.ts";
import { type ClockChange, Watcher } from "./watcher.ts";

/** What {@link onClockChange} takes. */
export interface WatchOptions {
  /** How often to look, in milliseconds: 100 to 2^31 - 1; 10,000 if left out. */
  readonly intervalMs?: number;
}

const INTERVAL_MS = 10_000;
const LEAST_INTERVAL_MS = 100;
/** What setTimeout() takes. */
const MOST_INTERVAL_MS = 2 ** 31 - 1;
/** How long a moment is a finding. */
const HOLD_NS = 6e10;

/**
 * Calls `fn` when something about the clocks changes, and again when it is over: a clocksource that
 * comes to cost a system call, a wall clock that is set (`wall.stepped`) or slewed beyond 500 ppm, a
 * restore or migration, suspend, a CPU quota that stops the program. What was so from the start is no
 * change: {@link examine} tells it.
 *
 * One timer, which does not keep the program running. A look takes 0.1 to 0.4 ms, that is below 0.01 %
 * of a CPU at the default interval; costs are measured anew, in 3 ms, only where a look hints at a
 * change.
 *
 * @param fn called from the event loop, one change at a time; what it throws is nobody's to catch
 * @returns ends it
 * @throws {UnsupportedError} if there is no FFI
 * @throws {TypeError | RangeError} if `fn` is no function or `options.intervalMs` out of range
 *
 * @example
 * ```ts
 * import { onClockChange } from "@x/vdso/doctor";
 *
 * const stop = onClockChange(({ finding, over }) => {
 *   console.log(over ? "over:" : "now:", finding.id, finding.meaning);
 * });
 * stop();
 * ```
 */
export function onClockChange(
  fn: (change: ClockChange) => void,
  options: WatchOptions = {},
): () => void {
  if (typeof fn !== "function") {
    throw new TypeError(`Expected \`fn\` to be a function, got ${show(fn)}`);
  }
  const { intervalMs = INTERVAL_MS } = options;
  if (!(intervalMs >= LEAST_INTERVAL_MS && intervalMs <= MOST_INTERVAL_MS)) {
    const error = typeof intervalMs === "number" ? RangeError : TypeError;
    throw new error(
      "Expected `options.intervalMs` to be a number from 100 to 2^31 - 1, got " + show(intervalMs),
    );
  }
  const files = kernelFiles();
  const reader = () => new Reader(files);
  const groups = findGroups(reader());
  const look = looker(groups, files);
  const watcher = new Watcher({
    facts: factsAtStart(reader()),
    measure: () => {
      const { current, available } = readClocksource(reader());
      return { cost: clockCost(), clocksource: { current, available } };
    },
    quotaCpus: () => readGroups(reader(), groups)?.cpus ?? null,
    holdNs: HOLD_NS,
  });
  watcher.take(look());
  return every(intervalMs, () => {
    for (const change of watcher.take(look())) fn(change);
  });
}

/** What does not change while a program runs; and the wall clock, which may be slewed already. */
function factsAtStart(reader: Reader): Facts {
  const { arch } = detectPlatform();
  const machine = readMachine(reader);
  return fillFacts({
    machine: { arch, ...machine, ...askCpuid(arch) },
    clocksource: readClocksource(reader),
    vdso: { entries: sources().entries },
    counter: askCounter(clockCost().syscallNs),
    wall: askTimex(reader, machine.places),
    vm: readVm(reader),
  });
}

/** As they were when this was loaded: a program's tests may replace them. */
const { clearInterval, setInterval } = globalThis;

interface Timer {
  unref?(): void;
}

/** An interval that does not keep the program running; returns what ends it. */
function every(ms: number, fn: () => void): () => void {
  const timer = setInterval(fn, ms) as unknown as Timer | number;
  if (typeof timer === "object") timer.unref?.();
  else globals.Deno?.unrefTimer?.(timer);
  return () => clearInterval(timer as unknown as number);
}
