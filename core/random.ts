/**
 * Random numbers from the kernel's generator, without a system call: getrandom(2) in the vDSO.
 *
 * Nothing is stored on this side: a pool of random bytes would survive fork(2) and snapshots of
 * virtual machines. The kernel's state notices both.
 *
 * @module
 */
import { settle } from "./binding.ts";
import { show, VdsoError } from "./errors.ts";

/** Fail with EAGAIN rather than wait until the kernel's generator is seeded: getrandom(2). */
export const GRND_NONBLOCK = 1;
/** From the source of /dev/random, which since Linux 5.6 is the same: getrandom(2). */
export const GRND_RANDOM = 2;
/** Before the generator is seeded, give what there is: getrandom(2), Linux 5.6. */
export const GRND_INSECURE = 4;

const ESRCH = 3;
const EINVAL = 22;
/** No state: the system call is made. */
const NO_SLOT = -1;

/** As in core/clock.ts: stubs that bind, then the FFI's functions. */
const table = {
  /**
   * This context's slot in the shim's table of states. A context that moves to another thread
   * gets ESRCH and takes a new one. Here, since a variable of its own would cost V8 2 ns.
   */
  slot: NO_SLOT,
  fill(request: number, bytes: Uint8Array): number {
    fillTable();
    return table.fill(request, bytes);
  },
  // Called with no slot yet: that is found along with them.
  u32(_slot: number): number {
    fillTable();
    return table.u32(table.slot);
  },
  f64(_slot: number): number {
    fillTable();
    return table.f64(table.slot);
  },
  newSlot: (): number => NO_SLOT,
};

function fillTable(): void {
  const binding = settle();
  if (binding.kind === "native") {
    const { functions, slot } = binding.random();
    table.slot = slot;
    table.fill = functions.vdso_getrandom;
    table.u32 = functions.vdso_random_u32;
    table.f64 = functions.vdso_random_f64;
    table.newSlot = functions.vdso_random_slot;
    return;
  }
  table.fill = fillFromRuntime;
  const word = new Uint32Array(1);
  const u32 = () => crypto.getRandomValues(word)[0] ?? NaN;
  table.u32 = u32;
  // 26 and 27 bits: a multiple of 2^-53.
  table.f64 = () => ((u32() >>> 6) * 2 ** 27 + (u32() >>> 5)) / 2 ** 53;
}

/** Web Crypto gives 65536 bytes at a time at most. */
function fillFromRuntime(_request: number, bytes: Uint8Array): number {
  const plain = new Uint8Array(bufferOf(bytes), byteOffset(bytes), byteLength(bytes));
  for (let at = 0; at < plain.length; at += 65536) {
    crypto.getRandomValues(plain.subarray(at, at + 65536));
  }
  return 0;
}

/**
 * getrandom(2): fills a buffer with random bytes, fit for keys.
 *
 * From the vDSO (Linux 6.11 on x86_64, 6.16 on riscv64, 6.12 elsewhere), else by the system call: 16
 * bytes cost about 60 ns, a KiB 1.5 µs. `crypto.getRandomValues` takes a third of that for 16 bytes in
 * Bun, a little more in Deno, more than ten times as long in Node; for a KiB it is as fast in Node, and
 * two to three times as fast in Bun and Deno. Without an FFI it answers.
 *
 * All of the buffer is filled, or it throws. Safe after fork(2) and in Workers.
 *
 * @param buffer what to fill: a typed array or DataView, up to 2^31 - 1 bytes
 * @param flags `GRND_NONBLOCK`, `GRND_RANDOM`, `GRND_INSECURE`, or 0
 * @throws {TypeError} if `buffer` is no view, or one of a SharedArrayBuffer: other threads would see
 * it half filled
 * @throws {RangeError} if `buffer` is too long, or `flags` has other bits
 * @throws {VdsoError} `EAGAIN` with `GRND_NONBLOCK`, early at boot; `EINVAL` for flags that exclude
 * each other
 *
 * @example
 * ```ts
 * import { getrandom } from "@x/vdso";
 *
 * const key = new Uint8Array(32);
 * getrandom(key);
 * console.log(key.some((byte) => byte !== 0)); // true
 * ```
 */
export function getrandom(buffer: ArrayBufferView, flags = 0): void {
  const bytes = toBytes(buffer);
  const length = byteLength(bytes);
  if (length > 2 ** 31 - 1) {
    throw new RangeError(`Expected \`buffer\` to have less than 2^31 bytes, got ${length}`);
  }
  if (typeof flags !== "number") {
    throw new TypeError(`Expected \`flags\` to be a number, got ${show(flags)}`);
  }
  if (!(flags >= 0 && flags <= 7) || flags !== (flags | 0)) {
    throw new RangeError(`Expected \`flags\` to be GRND_ constants, got ${show(flags)}`);
  }
  // The kernel says so; its vDSO does not.
  if ((flags & GRND_RANDOM) && (flags & GRND_INSECURE)) {
    throw new VdsoError("getrandom", EINVAL, `${length} bytes, ${flags}`);
  }
  if (length === 0) return;
  let error = table.fill(request(length, flags), bytes);
  if (error === -ESRCH) {
    table.slot = table.newSlot();
    error = table.fill(request(length, flags), bytes);
  }
  if (error !== 0) throw new VdsoError("getrandom", -error, `${length} bytes, ${flags}`);
}

/** All that vdso_getrandom() takes beside the buffer, in one number: see shim/vdso.c. */
function request(length: number, flags: number): number {
  return length + (flags + 8 * (table.slot + 1)) * 2 ** 31;
}

/**
 * A random integer from 0 to 2^32 - 1, each as likely, fit for keys.
 *
 * About 20 ns with the vDSO's getrandom(2), a system call (360 ns) before Linux 6.11.
 *
 * @throws {VdsoError} if the process has been forbidden to ask
 *
 * @example
 * ```ts
 * import { randomU32 } from "@x/vdso";
 *
 * console.log(randomU32().toString(16).padStart(8, "0"));
 * ```
 */
export function randomU32(): number {
  const value = table.u32(table.slot);
  return value >= 0 ? value : +again("u32", value); // the plus: see again()
}

/**
 * A random number in [0, 1), a multiple of 2^-53: `Math.random()` from the kernel's generator, which
 * nobody can predict.
 *
 * About 27 ns with the vDSO's getrandom(2), a system call (360 ns) before Linux 6.11.
 *
 * @throws {VdsoError} if the process has been forbidden to ask
 *
 * @example
 * ```ts
 * import { randomF64 } from "@x/vdso";
 *
 * console.log(1 + Math.floor(randomF64() * 6)); // a die
 * ```
 */
export function randomF64(): number {
  const value = table.f64(table.slot);
  return value >= 0 ? value : +again("f64", value);
}

/**
 * What failed once: with a new slot, if the old one is another thread's, else the error.
 *
 * To V8 a call may return anything, and what is a double or anything it puts into a box, which costs
 * 8 ns where it cannot guess into which kind. With a plus before the call, both are doubles.
 */
function again(name: "u32" | "f64", error: number): number {
  if (error === -ESRCH) {
    table.slot = table.newSlot();
    const value = table[name](table.slot);
    if (value >= 0) return value;
  }
  throw new VdsoError("getrandom", -error, name);
}

/**
 * The built-in getters, past any that a subclass or an object of its own may have: as many bytes are
 * written as `byteLength` says.
 */
function getter<T>(prototype: object, name: string): (of: object) => T {
  const { get } = Object.getOwnPropertyDescriptor(prototype, name) as { get(): T };
  return (of) => get.call(of);
}
const TYPED_ARRAY = Object.getPrototypeOf(Uint8Array.prototype);
const byteLength = getter<number>(TYPED_ARRAY, "byteLength");
const byteOffset = getter<number>(TYPED_ARRAY, "byteOffset");
const bufferOf = getter<ArrayBuffer>(TYPED_ARRAY, "buffer");
/** Throws for a SharedArrayBuffer, also for one of another realm. */
const unsharedByteLength = getter<number>(ArrayBuffer.prototype, "byteLength");

function toBytes(view: ArrayBufferView): Uint8Array {
  if (!ArrayBuffer.isView(view)) {
    throw new TypeError(`Expected \`buffer\` to be a typed array or DataView, got ${show(view)}`);
  }
  // One of another realm (a vm context, jest) comes here as a view of the same bytes, too.
  const bytes = view instanceof Uint8Array
    ? view
    : new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  try {
    unsharedByteLength(bufferOf(bytes));
  } catch {
    throw new TypeError("Expected `buffer` not to be shared, got a view of a SharedArrayBuffer");
  }
  return bytes;
}
