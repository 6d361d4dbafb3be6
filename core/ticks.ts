/**
 * The CPU's own counter: the cheapest clock there is, for intervals only.
 *
 * @module
 */
import { detectPlatform, readKernelFile } from "../ffi/runtime.ts";
import { SHIM_TICKS } from "../ffi/types.ts";
import { native } from "./bind.ts";
import { Calibration } from "./calibration.ts";
import { UnsupportedError } from "./errors.ts";

/** What {@link counter} returns. */
export interface CounterInfo {
  /** The instruction that reads it. */
  readonly instruction: "rdtsc" | "cntvct_el0" | "rdtime" | "mftb";
  /**
   * Whether the kernel offers the counter as a clocksource; `"unknown"` where
   * /sys/devices/system/clocksource may not be read (Deno without --allow-all).
   */
  readonly kernel: "accepted" | "unknown";
  /** Whence the frequency: stated by the CPU, or measured against CLOCK_MONOTONIC_RAW. */
  readonly frequency: "stated" | "measured";
  /** What {@link ticksPerSecond} returns. */
  readonly ticksPerSecond: number;
}

/** By CPU: the instruction, and the name of the counter as a clocksource of the kernel. */
const COUNTERS: Readonly<
  Record<string, { instruction: CounterInfo["instruction"]; clocksource: string }>
> = {
  x86_64: { instruction: "rdtsc", clocksource: "tsc" },
  aarch64: { instruction: "cntvct_el0", clocksource: "arch_sys_counter" },
  riscv64: { instruction: "rdtime", clocksource: "riscv_clocksource" },
  ppc64le: { instruction: "mftb", clocksource: "timebase" },
};

/** As in core/clock.ts: a stub that binds, then the FFI's function. */
const table = {
  ticks(): number {
    openCounter();
    return table.ticks();
  },
};

interface Counter {
  readonly calibration: Calibration;
  readonly instruction: CounterInfo["instruction"];
  readonly kernel: CounterInfo["kernel"];
}

let opened: Counter | undefined;

/** Throws, each time, where the counter is no clock. */
function openCounter(): Counter {
  if (opened) return opened;
  const { shim } = native();
  const { vdso_ticks, vdso_ticks_frequency, vdso_ticks_sample } = shim.open(SHIM_TICKS);
  const known = COUNTERS[detectPlatform().arch];
  if (!known) throw new UnsupportedError("The counter of this CPU is not known here");
  const reason = refusal(
    vdso_ticks_frequency(),
    known.clocksource,
    readKernelFile("/sys/devices/system/clocksource/clocksource0/available_clocksource"),
  );
  if (reason.refused) throw new UnsupportedError(reason.refused);
  const pair = new Float64Array(2);
  const bytes = new Uint8Array(pair.buffer);
  const sample = () => {
    vdso_ticks_sample(bytes);
    return { ticks: pair[0] ?? NaN, ns: pair[1] ?? NaN };
  };
  opened = {
    calibration: new Calibration(vdso_ticks, sample, vdso_ticks_frequency()),
    instruction: known.instruction,
    kernel: reason.kernel,
  };
  table.ticks = vdso_ticks;
  return opened;
}

/**
 * Why the counter cannot serve as a clock, and what the kernel thinks of it.
 *
 * @param hz the frequency that the CPU states; negative if it may vary
 * @param clocksource the counter's name in the kernel
 * @param available the kernel's list of clocksources, from which it strikes what it finds unstable
 */
export function refusal(
  hz: number,
  clocksource: string,
  available: string | undefined,
): { refused?: string; kernel: CounterInfo["kernel"] } {
  const kernel = available === undefined ? "unknown" : "accepted";
  if (hz < 0) {
    return { refused: "The CPU does not state that its counter is constant and nonstop", kernel };
  }
  if (available !== undefined && !available.trim().split(/\s+/).includes(clocksource)) {
    const rest = available.trim();
    return { refused: `The kernel does not use ${clocksource} as a clock, only ${rest}`, kernel };
  }
  return { kernel };
}

/**
 * The CPU's counter (`rdtsc`, `cntvct_el0`, `rdtime`, `mftb`) since its first use in the process: for intervals.
 *
 * A whole number of ticks, exact below 2^53 (35 days at 3 GHz, then rounded to 2). Shared by the
 * threads of the process (on musl unless two of them bound at the very same moment), not by others.
 * Not a clock: no unit of time (see {@link ticksToNs}), no meaning across suspend or migration of a
 * virtual machine, and the CPU may read it some nanoseconds early or late, as it orders
 * instructions. The kernel's clocks, {@link now} above all, are the counter plus all that, in 20 to
 * 25 ns; this costs some 10.
 *
 * @throws {UnsupportedError} without an FFI, where the CPU does not promise a constant counter, or
 * where the kernel has rejected it as a clocksource, with the reason
 *
 * @example
 * ```ts
 * import { ticks, ticksToNs } from "@x/vdso";
 *
 * const start = ticks();
 * Math.sqrt(2);
 * console.log(`${ticksToNs(ticks() - start)} ns`);
 * ```
 */
export function ticks(): number {
  return table.ticks();
}

/**
 * A number of ticks in nanoseconds of CLOCK_MONOTONIC_RAW.
 *
 * The frequency is what the CPU states (`cntfrq_el0`, CPUID 15h), or is measured against
 * CLOCK_MONOTONIC_RAW: over the first millisecond at the first call, which takes at most that long,
 * and again each time that twice as long has passed. The error is at most 20 ppm 100 ms after the
 * first use and 2 ppm after 10 s. CLOCK_MONOTONIC, that is {@link now}, may differ by 500 ppm
 * and more while NTP slews it. Some 10 ns.
 *
 * @param delta a difference of two {@link ticks}
 * @throws {UnsupportedError} as {@link ticks}
 *
 * @example
 * ```ts
 * import { ticks, ticksToNs } from "@x/vdso";
 *
 * console.log(ticksToNs(ticks() - ticks())); // some -10 ns
 * ```
 */
export function ticksToNs(delta: number): number {
  return delta * openCounter().calibration.nsPerTick();
}

/**
 * The frequency of the counter in Hz, as good as is known by now: see {@link ticksToNs}.
 *
 * @throws {UnsupportedError} as {@link ticks}
 *
 * @example
 * ```ts
 * import { ticksPerSecond } from "@x/vdso";
 *
 * console.log(`${(ticksPerSecond() / 1e6).toFixed(3)} MHz`);
 * ```
 */
export function ticksPerSecond(): number {
  return 1e9 / openCounter().calibration.nsPerTick();
}

/**
 * Says how the counter is read, whether the kernel trusts it, and how its frequency is known.
 *
 * @throws {UnsupportedError} as {@link ticks}
 *
 * @example
 * ```ts
 * import { counter } from "@x/vdso";
 *
 * const { instruction, kernel, frequency } = counter();
 * console.log(instruction, kernel, frequency); // "rdtsc" "accepted" "measured"
 * ```
 */
export function counter(): CounterInfo {
  const { calibration, instruction, kernel } = openCounter();
  const ticksPerSecond = 1e9 / calibration.nsPerTick();
  return { instruction, kernel, frequency: calibration.source, ticksPerSecond };
}
