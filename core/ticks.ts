/**
 * The CPU's own counter: the cheapest clock there is, for intervals only.
 *
 * @module
 */
import { detectPlatform, readKernelFile } from "../ffi/runtime.ts";
import { SHIM_CLOCKS, SHIM_TICKS } from "../shim/signatures.ts";
import { native } from "./binding.ts";
import { Calibration, type Sample } from "./calibration.ts";
import { CLOCK_MONOTONIC_RAW } from "./clock_ids.ts";
import { type CounterCosts, counterCosts, SPARES_SYSCALL } from "./counter_costs.ts";
import { UnsupportedError } from "./errors.ts";

/** What {@link ticksInfo} returns. */
export interface TicksInfo {
  /** The instruction that reads it. */
  readonly instruction: "rdtsc" | "cntvct_el0" | "rdtime" | "mftb";
  /**
   * How much the kernel trusts it. `"kernel"`: its current clocksource is this counter. `"guest"`: it
   * is a paravirtual clock over it (kvm-clock, Hyper-V's page, Xen's), which the host vouches for.
   * `"unknown"`: it is another one, or cannot be read (Deno gives /sys to --allow-all alone).
   */
  readonly trust: "kernel" | "guest" | "unknown";
  /** The kernel's current clocksource; undefined where /sys cannot be read. Decides nothing here. */
  readonly clocksource: string | undefined;
  /** The clocksources that the kernel offers; undefined where /sys cannot be read. */
  readonly availableClocksources: readonly string[] | undefined;
  /** Whether the frequency is stated by the CPU, or measured against CLOCK_MONOTONIC_RAW. */
  readonly frequency: "stated" | "measured";
  /** The frequency of the counter in Hz, as well as it is known by now: see {@link ticksToNs}. */
  readonly ticksPerSecond: number;
  /**
   * How often the counter and CLOCK_MONOTONIC_RAW have gone apart at once: by suspend, a restored
   * snapshot or a migration. Each JavaScript context counts for itself.
   */
  readonly jumps: number;
  /**
   * What {@link ticks} reads: the counter, or, for good after a second jump within a minute,
   * CLOCK_MONOTONIC_RAW in ticks of the last known rate.
   */
  readonly reads: "counter" | "CLOCK_MONOTONIC_RAW";
}

/** By CPU: the instruction, and the name of the counter as a clocksource of the kernel. */
export const COUNTERS: Readonly<
  Record<string, { instruction: TicksInfo["instruction"]; clocksource: string }>
> = {
  x86_64: { instruction: "rdtsc", clocksource: "tsc" },
  aarch64: { instruction: "cntvct_el0", clocksource: "arch_sys_counter" },
  riscv64: { instruction: "rdtime", clocksource: "riscv_clocksource" },
  ppc64le: { instruction: "mftb", clocksource: "timebase" },
};

/** Clocksources that a hypervisor makes of the counter. */
const GUEST_CLOCKSOURCES = ["kvm-clock", "hyperv_clocksource_tsc_page", "xen"];

/** As in core/clock.ts: a stub that binds, then the FFI's function. */
const table = {
  ticks(): number {
    openCounter();
    return table.ticks();
  },
};

interface Counter {
  readonly calibration: Calibration;
  readonly instruction: TicksInfo["instruction"];
  /** Of the counter, in the kernel. */
  readonly clocksource: string;
  reads: TicksInfo["reads"];
}

let opened: Counter | undefined;
/** Why there is no counter. The verdict stays, so that a program gets one answer. */
let refused: string | undefined;

/** Throws, each time, where the counter is no clock. */
function openCounter(): Counter {
  if (opened) return opened;
  if (refused !== undefined) throw new UnsupportedError(refused);
  const { shim } = native();
  const { vdso_ticks, vdso_ticks_frequency, vdso_ticks_sample, vdso_ticks_costs } = shim.open(
    SHIM_TICKS,
  );
  const known = COUNTERS[detectPlatform().arch];
  if (!known) throw new UnsupportedError("The counter of this CPU is not known here");
  const hz = vdso_ticks_frequency();
  refused = refusal(hz, counterCosts(vdso_ticks_costs));
  if (refused !== undefined) throw new UnsupportedError(refused);
  const values = new Float64Array(3); // what the addon of Node writes to has room for three
  const bytes = new Uint8Array(values.buffer);
  const sample = () => {
    vdso_ticks_sample(bytes);
    return { ticks: values[0] ?? NaN, ns: values[1] ?? NaN };
  };
  opened = {
    calibration: new Calibration(vdso_ticks, sample, hz, fallBack),
    ...known,
    reads: "counter",
  };
  table.ticks = vdso_ticks;
  return opened;
}

/** The kernel's clock in place of the counter, from a given moment on, in ticks of the last rate. */
function fallBack(since: Sample): void {
  const { vdso_clock } = native().shim.open(SHIM_CLOCKS);
  const counter = openCounter();
  counter.reads = "CLOCK_MONOTONIC_RAW";
  const perNs = 1 / counter.calibration.nsPerTick();
  const first = Math.round(since.ticks); // it is the middle of two readings
  table.ticks = () => first + Math.round((vdso_clock(CLOCK_MONOTONIC_RAW) - since.ns) * perNs);
}

/**
 * Why the counter cannot serve as a clock; undefined if it can. Costs decide, not the name of the
 * kernel's clocksource: tsc, kvm-clock and Hyper-V's page all read this counter in the vDSO, and
 * each of them is left for a system call when the kernel or the host no longer trusts it.
 *
 * @param hz the frequency that the CPU states; negative if it does not promise a constant one
 */
export function refusal(
  hz: number,
  { counter, entry, syscall }: CounterCosts,
): string | undefined {
  if (hz < 0) return "The CPU does not state that its counter is constant and nonstop";
  const times = (cost: number, of: number) => `${(cost / of).toFixed(2)} times`;
  if (!(entry < SPARES_SYSCALL * syscall)) {
    return "The kernel does not let programs read the counter for CLOCK_MONOTONIC: " +
      `that costs ${times(entry, syscall)} the system call`;
  }
  if (!(counter < entry)) {
    return `Reading the counter is trapped: it costs ${times(counter, entry)} CLOCK_MONOTONIC`;
  }
  return undefined;
}

/**
 * How much the kernel trusts the counter.
 *
 * @param clocksource the counter's name in the kernel
 * @param current the kernel's clocksource; undefined if it cannot be read
 */
export function trustOf(clocksource: string, current: string | undefined): TicksInfo["trust"] {
  if (current === clocksource) return "kernel";
  return GUEST_CLOCKSOURCES.some((name) => name === current) ? "guest" : "unknown";
}

/**
 * The CPU's counter (`rdtsc`, `cntvct_el0`, `rdtime`, `mftb`) since its first use in the process, from
 * 2^32 on.
 *
 * For intervals only: never for deadlines, leases, or the order of events on different CPUs that are
 * less than 10 µs apart. A whole number of ticks, exact below 2^53 (35 days at 3 GHz, then rounded to
 * 2). Shared by the threads of the process that load the shim in one way ({@link bind}; on musl unless
 * two of them did at the very same moment), not by other processes. It has no unit of time (see
 * {@link ticksToNs}), and runs on or begins anew in suspend and when a virtual machine is restored or
 * migrated. The CPU may read it a few nanoseconds early or late, as it orders instructions. About 10
 * ns, where the kernel's clocks, which are the counter with all that put right, cost 20 to 30.
 *
 * Works where the vDSO itself uses the counter: the CPU states that it is constant, reading
 * CLOCK_MONOTONIC costs a fraction of the system call, and reading the counter costs less than that.
 * Both are measured at the first use, until two measurements agree: mostly in less than a millisecond.
 *
 * @throws {UnsupportedError} without an FFI, or where that does not hold, with the reason
 *
 * @example
 * ```ts
 * import { ticks, ticksToNs, UnsupportedError } from "@x/vdso";
 *
 * try {
 *   const start = ticks();
 *   Math.sqrt(2);
 *   console.log(`${ticksToNs(ticks() - start)} ns`);
 * } catch (error) {
 *   if (!(error instanceof UnsupportedError)) throw error;
 *   console.log(error.message); // not on this machine: use now()
 * }
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
 * and again at calls that come later, at most once a second. The error is at most 20 ppm 100 ms after
 * the first use and 2 ppm after 10 s. CLOCK_MONOTONIC, that is {@link now}, may differ by 500 ppm
 * and more while NTP slews it.
 *
 * Where counter and clock have gone apart at once, by more than 1000 ppm and 20 µs, that was a jump
 * and no rate: suspend, a restored snapshot, a migration. The rate stays what it was, the jump is
 * counted ({@link ticksInfo}), and only intervals across it are wrong. At a second jump within a
 * minute {@link ticks} is driven by CLOCK_MONOTONIC_RAW for good, in this JavaScript context.
 *
 * About 10 ns.
 *
 * @param delta a difference of two {@link ticks}
 * @throws {UnsupportedError} as {@link ticks}
 *
 * @example
 * ```ts
 * import { ticks, ticksToNs, UnsupportedError } from "@x/vdso";
 *
 * try {
 *   console.log(ticksToNs(ticks() - ticks())); // about -10 ns
 * } catch (error) {
 *   if (!(error instanceof UnsupportedError)) throw error;
 * }
 * ```
 */
export function ticksToNs(delta: number): number {
  return delta * openCounter().calibration.nsPerTick();
}

/**
 * Says how the counter is read, how much the kernel trusts it, how its frequency is known, and whether
 * it has jumped. Reads two files of /sys where that is allowed: about 0.1 ms.
 *
 * @throws {UnsupportedError} as {@link ticks}
 *
 * @example
 * ```ts
 * import { ticksInfo, UnsupportedError } from "@x/vdso";
 *
 * try {
 *   const { instruction, trust, frequency, jumps } = ticksInfo();
 *   console.log(instruction, trust, frequency, jumps); // "rdtsc" "guest" "measured" 0
 * } catch (error) {
 *   if (!(error instanceof UnsupportedError)) throw error;
 * }
 * ```
 */
export function ticksInfo(): TicksInfo {
  const { calibration, instruction, clocksource, reads } = openCounter();
  const ticksPerSecond = 1e9 / calibration.nsPerTick();
  const current = readClocksource("current");
  return {
    instruction,
    trust: trustOf(clocksource, current),
    clocksource: current,
    availableClocksources: readClocksource("available")?.split(/\s+/),
    frequency: calibration.source,
    ticksPerSecond,
    jumps: calibration.jumps,
    reads,
  };
}

/** {@link TicksInfo.jumps} alone: no file is read for it. For the library's own tools. */
export function counterJumps(): number {
  const { calibration } = openCounter();
  calibration.nsPerTick(); // looks, if that is due
  return calibration.jumps;
}

function readClocksource(which: "current" | "available"): string | undefined {
  const path = `/sys/devices/system/clocksource/clocksource0/${which}_clocksource`;
  return readKernelFile(path)?.trim();
}
