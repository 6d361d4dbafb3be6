/**
 * Keeps this thread on one CPU: sched_setaffinity(2).
 *
 * @module
 */
import { native, SHIM_REFERENCE } from "../core/internals.ts";
import { cpusOf, maskOf } from "../doctor/hop.ts";
import { VdsoError } from "../mod.ts";

/** Bytes of a mask: as many CPUs as any kernel has, 8192. */
const MASK_BYTES = 1024;

function readMask(): Uint8Array {
  const mask = new Uint8Array(MASK_BYTES);
  const length = native().shim.open(SHIM_REFERENCE).vdso_affinity(0, mask, mask.length);
  if (length < 0) throw new VdsoError("sched_getaffinity", -length, "");
  return mask.subarray(0, length);
}

/**
 * The CPUs that this thread may run on.
 *
 * @throws {UnsupportedError} without an FFI
 * @throws {VdsoError} where the process may not ask
 */
export function allowedCpus(): number[] {
  return cpusOf(readMask());
}

/**
 * Keeps this thread on a CPU until the function that it returns is called.
 *
 * @throws {UnsupportedError} without an FFI
 * @throws {VdsoError} `EINVAL` if there is no such CPU, or it is none of those that the process may
 * run on; `EPERM` where it may not choose
 */
export function pin(cpu: number): () => void {
  const { vdso_affinity } = native().shim.open(SHIM_REFERENCE);
  const before = readMask();
  const error = vdso_affinity(1, maskOf(cpu), MASK_BYTES);
  if (error < 0) throw new VdsoError("sched_setaffinity", -error, ` of CPU ${cpu}`);
  return () => void vdso_affinity(1, before, before.length);
}
