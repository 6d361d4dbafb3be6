/**
 * What the shim can tell of kernel and CPU.
 *
 * @module
 */
import { counterCosts, native, SHIM_MACHINE, SHIM_TICKS } from "../../core/internals.ts";
import { CLOCK_REALTIME, CLOCK_TAI, clockGettime, ticksInfo, UnsupportedError } from "../../mod.ts";
import type { Reader } from "./files.ts";
import { clockLines } from "./machine.ts";
import { parseTimex, TIMEX_BYTES } from "./timex.ts";
import type { CounterFacts, MachineFacts, WallFacts } from "./types.ts";

const openMachine = () => native().shim.open(SHIM_MACHINE);
let opened:
  | { readonly by: unknown; readonly functions: ReturnType<typeof openMachine> }
  | undefined;

/** Opened once: in Deno each time takes a millisecond. */
function machine(): ReturnType<typeof openMachine> {
  const { shim } = native();
  if (opened?.by !== shim) opened = { by: shim, functions: openMachine() };
  return opened.functions;
}

/** Of the process: SECCOMP_MODE_FILTER. */
const FILTER = 2;

/**
 * Whether a system call that programs hardly make may be tried. Filters of containers answer EPERM;
 * those of systemd's units may end the process.
 */
function mayTry(reader: Reader, check: string, places: readonly string[] | null): boolean {
  if (machine().vdso_seccomp() !== FILTER || places?.length) return true;
  reader.skip(check, "A seccomp filter might end the process for it");
  return false;
}

/** NTP's state: adjtimex(2). */
export function askTimex(
  reader: Reader,
  places: readonly string[] | null,
): Partial<WallFacts> {
  const check = "NTP state";
  if (!mayTry(reader, check, places)) return {};
  const bytes = new Uint8Array(TIMEX_BYTES);
  const state = machine().vdso_adjtimex(bytes, bytes.length);
  if (state >= 0) return parseTimex(state, bytes);
  reader.skip(check, `adjtimex(2) fails: errno ${-state}`);
  return {};
}

/** Seconds of TAI before UTC. */
export function askTai(): number {
  return Math.round(Number(clockGettime(CLOCK_TAI) - clockGettime(CLOCK_REALTIME)) / 1e9);
}

const LOG_BYTES = 1 << 20;

/** Lines of the kernel's log: syslog(2), which is not asked where the log's files may not be read. */
export function askLog(reader: Reader, places: readonly string[] | null): string[] | null {
  const check = "kernel log";
  if (reader.expected(check, "/proc/sys/kernel/dmesg_restrict") === undefined) return null;
  if (!mayTry(reader, check, places)) return null;
  const bytes = new Uint8Array(LOG_BYTES);
  const got = machine().vdso_syslog(bytes, bytes.length);
  if (got >= 0) return clockLines(new TextDecoder().decode(bytes.subarray(0, got)));
  reader.skip(
    check,
    `syslog(2) fails: errno ${-got} (sysctl kernel.dmesg_restrict, or a container)`,
  );
  return null;
}

const HYPERVISOR_LEAF = 0x40000000;
const LEAF_BYTES = 16;

/** CPUID: what the CPU promises of its counter, and whose virtual machine this is. */
export function askCpuid(arch: string): Pick<MachineFacts, "invariant" | "hypervisor"> {
  const { vdso_cpuid, vdso_ticks_frequency } = {
    ...machine(),
    ...native().shim.open(SHIM_TICKS),
  };
  const bytes = new Uint8Array(LEAF_BYTES);
  const invariant = vdso_ticks_frequency() >= 0;
  if (arch !== "x86_64" || vdso_cpuid(1, bytes, bytes.length) !== LEAF_BYTES) {
    return { invariant, hypervisor: null };
  }
  const runsInOne = ((bytes[11] ?? 0) & 0x80) !== 0; // ECX bit 31
  if (!runsInOne) return { invariant, hypervisor: "" };
  vdso_cpuid(HYPERVISOR_LEAF, bytes, bytes.length);
  const signature = String.fromCharCode(...bytes.subarray(4)).replace(/[^\x20-\x7e]/g, "").trim();
  return { invariant, hypervisor: signature || "unknown" };
}

/** The counter as ticks() judges it. `syscallNs` is that of CLOCK_MONOTONIC. */
export function askCounter(syscallNs: number | undefined): CounterFacts {
  const nothing = { instruction: null, trust: null, hz: null, jumps: null };
  const costNs = counterCost(syscallNs);
  try {
    const { instruction, trust, ticksPerSecond, jumps } = ticksInfo();
    return { instruction, trust, refusal: "", hz: ticksPerSecond, costNs, jumps };
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error;
    return { ...nothing, refusal: error.message, costNs };
  }
}

/** The shim gives costs in ticks: the system call's is known in nanoseconds, too. */
function counterCost(syscallNs: number | undefined): number | null {
  if (syscallNs === undefined) return null;
  const { counter, syscall } = counterCosts(native().shim.open(SHIM_TICKS).vdso_ticks_costs);
  const ns = counter / syscall * syscallNs;
  return Number.isFinite(ns) ? ns : null;
}
