/**
 * The errors that callers may want to catch, and the wording of the rest.
 *
 * @module
 */

/** Names of the error numbers that the kernel's clocks and getrandom(2) answer. */
const ERRNO_NAMES: Readonly<Record<number, string>> = {
  1: "EPERM",
  4: "EINTR",
  11: "EAGAIN",
  13: "EACCES",
  14: "EFAULT",
  19: "ENODEV",
  22: "EINVAL",
  38: "ENOSYS",
  75: "EOVERFLOW",
  95: "EOPNOTSUPP",
};

/**
 * The kernel answered with an error number: see errno(3).
 *
 * @example
 * ```ts
 * import { clockGettime, VdsoError } from "@x/vdso";
 *
 * try {
 *   clockGettime(12); // a clock that Linux does not have
 * } catch (error) {
 *   if (error instanceof VdsoError) console.log(error.code); // "EINVAL"
 * }
 * ```
 */
export class VdsoError extends Error {
  /** For those who look at names: `"VdsoError"`. */
  override readonly name = "VdsoError";
  /** The symbolic name, `"EINVAL"`. */
  readonly code: string;
  /** The positive error number, 22. */
  readonly errno: number;
  /** The call that failed, `"clock_gettime"`. */
  readonly syscall: string;

  /**
   * Made by this library alone.
   *
   * @param syscall the call that failed
   * @param errno its positive error number
   * @param what the arguments, for the message
   */
  constructor(syscall: string, errno: number, what: string) {
    const code = ERRNO_NAMES[errno] ?? `errno ${errno}`;
    super(`${syscall}(${what}) failed: ${code}`);
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
  }
}

/**
 * What was asked for cannot be had here: no FFI, no vDSO image, not Linux. The `cause` is what the
 * runtime threw, if it threw.
 *
 * @example
 * ```ts
 * import { bind, UnsupportedError } from "@x/vdso";
 *
 * try {
 *   bind();
 * } catch (error) {
 *   if (error instanceof UnsupportedError) console.log(error.message, error.cause);
 * }
 * ```
 */
export class UnsupportedError extends Error {
  /** For those who look at names: `"UnsupportedError"`. */
  override readonly name = "UnsupportedError";
}

/** A value as an error message shows it: short, and telling -0, "1" and 1 apart. */
export function show(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (typeof value === "object" && value !== null) {
    return Object.prototype.toString.call(value).slice("[object ".length, -1);
  }
  return typeof value === "function" ? "a function" : String(value);
}
