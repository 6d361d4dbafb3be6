/**
 * The CPU that this runs on.
 *
 * @module
 */
import { SHIM_CPU } from "../shim/signatures.ts";
import { native } from "./binding.ts";
import { VdsoError } from "./errors.ts";

/** As in core/clock.ts: a stub that binds, then the FFI's function. */
const table = {
  getcpu(): number {
    table.getcpu = native().shim.open(SHIM_CPU).vdso_getcpu;
    return table.getcpu();
  },
  cpu(): number {
    table.cpu = native().shim.open(SHIM_CPU).vdso_cpu;
    return table.cpu();
  },
};

/** What {@link getcpu} returns. */
export interface CpuLocation {
  /** The CPU's number, as in /proc/cpuinfo. */
  readonly cpu: number;
  /** The number of its NUMA node. */
  readonly node: number;
}

/**
 * getcpu(2): the CPU and the NUMA node that the calling thread runs on.
 *
 * Old news as soon as it is returned, unless the thread is pinned: the kernel may move it at any
 * time. About 10 ns on x86_64, where it is in the vDSO; a system call on aarch64 and riscv64.
 *
 * @throws {UnsupportedError} if there is no FFI
 * @throws {VdsoError} if the process has been forbidden to ask
 *
 * @example
 * ```ts
 * import { getcpu } from "@x/vdso";
 *
 * const { cpu, node } = getcpu();
 * console.log(`CPU ${cpu} of node ${node}`);
 * ```
 */
export function getcpu(): CpuLocation {
  return toLocation(checked(table.getcpu()));
}

/** The shim's `node << 32 | cpu`, split. */
export function toLocation(packed: number): CpuLocation {
  return { cpu: packed >>> 0, node: Math.floor(packed / 2 ** 32) };
}

/**
 * The CPU that the calling thread runs on: {@link getcpu} without the object, for hot paths.
 *
 * Reading it before and after tells a measurement that was moved between CPUs. About 10 ns on x86_64,
 * where it is in the vDSO; a system call on aarch64 and riscv64.
 *
 * @throws {UnsupportedError} if there is no FFI
 * @throws {VdsoError} if the process has been forbidden to ask
 *
 * @example
 * ```ts
 * import { cpu } from "@x/vdso";
 *
 * const before = cpu();
 * console.log(before === cpu() ? "same CPU" : "moved");
 * ```
 */
export function cpu(): number {
  // As an int32, so that V8 and JavaScriptCore have an integer to compare and to hand on.
  return checked(table.cpu() | 0);
}

function checked(location: number): number {
  if (location >= 0) return location;
  throw new VdsoError("getcpu", -location, "");
}
