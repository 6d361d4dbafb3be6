/**
 * How programs choose and see the binding.
 *
 * @module
 */
import type { EntryName } from "../elf/entries.ts";
import { type FfiName, NODE_FFIS, type NodeFfiName } from "../ffi/types.ts";
import { bindAs, bound, type Native, type Wish } from "./binding.ts";
import { show } from "./errors.ts";
import { type EntrySource, everyEntry } from "./vdso.ts";

/** Which path is live: what {@link sources} returns. */
export interface Sources {
  /** The FFI that reaches the shim, `"none"` where there is none. */
  readonly ffi: FfiName | "none";
  /**
   * `"machine"`: stamps of `now()` compare across threads, processes, runtimes and languages of
   * this machine. `"context"`: only within this JavaScript context.
   */
  readonly timeline: "machine" | "context";
  /** Why not everything comes from the vDSO, where that is so. */
  readonly reason?: string;
  /** The path of each entry. */
  readonly entries: Readonly<Record<EntryName, EntrySource>>;
  /**
   * Only where there is no FFI: the function of the runtime that answers for each clock, such as
   * `"process.hrtime.bigint"` for `CLOCK_MONOTONIC`. A clock that is not here throws.
   */
  readonly clocks?: Readonly<Record<string, string>>;
}

/** What {@link bind} takes. */
export interface BindOptions {
  /**
   * The shim as a file, absolute path or `file:` URL: for Deno's `--allow-ffi=PATH`, or where
   * no executable memory may be made. `vdso shim --out FILE` writes it; Node takes the npm package's
   * `shim_x86_64.node` or `shim_aarch64.node` as well. Whoever can write that file runs code in this
   * process.
   *
   * A URL by its shape: not every program's types have the class (TypeScript's "dom", @types/node).
   */
  readonly shim?: string | { readonly href: string };
  /**
   * In Node, the one way to reach the shim, and no other: `"addon"`, the shim as an addon, which is
   * taken first where this is left out; `"node"`, Node 26's `node:ffi`; `"koffi"`, the package of that
   * name, if it is installed.
   */
  readonly ffi?: NodeFfiName;
}

/**
 * Binds now instead of at the first call: to choose how, or to know early that it works.
 *
 * Without it, the first call of any function binds, and where that cannot be, the runtime's own
 * clock answers from then on. Where it throws, and no clock has answered yet, it may be tried again:
 * a process may have had no descriptor left. Binding again is free and does nothing. Costs a
 * millisecond or two; in Deno 3 more, since every function is resolved: `deno test
 * --sanitize-resources` counts libraries that are opened later as leaks.
 *
 * @param options how; what is left out is chosen
 * @throws {UnsupportedError} if there is no FFI, with its `cause`
 * @throws {TypeError | RangeError} if an option is not what it should be
 * @throws {Error} if already bound in another way, or a clock has answered from the runtime
 *
 * @example
 * ```ts
 * import { bind, sources, UnsupportedError } from "@x/vdso";
 *
 * try {
 *   bind();
 * } catch (error) {
 *   if (!(error instanceof UnsupportedError)) throw error;
 *   console.warn(error.message); // and now() answers from the runtime's clock
 * }
 * console.log(sources().entries.clock_gettime); // "vdso"
 * ```
 */
export function bind(options: BindOptions = {}): void {
  bindAs(checkOptions(options));
}

/**
 * Says for each entry whether the vDSO, the system call or the runtime answers, and by which FFI.
 * Binds if that has not happened.
 *
 * @example
 * ```ts
 * import { sources } from "@x/vdso";
 *
 * const { ffi, timeline, entries } = sources();
 * console.log(ffi, timeline, entries.clock_gettime); // "deno" "machine" "vdso"
 * ```
 */
export function sources(): Sources {
  const binding = bound();
  if (binding.kind === "runtime") {
    return {
      ffi: "none",
      timeline: binding.runtime.timeline,
      reason: binding.error.message,
      entries: everyEntry("runtime"),
      clocks: Object.fromEntries(
        Object.entries(binding.runtime.clocks)
          .flatMap(([clock, found]) => found ? [[clock, found.name]] : []),
      ),
    };
  }
  const { reason, entries } = binding.vdso;
  const stateless = entries.getrandom === "vdso" && !hasRandomState(binding);
  const reasons = [reason, stateless && NO_STATE].filter(Boolean);
  return {
    ffi: binding.ffi,
    timeline: "machine",
    ...(reasons.length > 0 && { reason: reasons.join("; ") }),
    entries: { ...entries, ...(stateless && { getrandom: "syscall" }) },
  };
}

const NO_STATE = "The vDSO's getrandom has no memory for its state";

function hasRandomState(binding: Native): boolean {
  try {
    return binding.random().slot >= 0;
  } catch {
    return true; // a permission that was dropped: getrandom() itself will say so
  }
}

function checkOptions(options: BindOptions): Wish {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Expected \`options\` to be an object, got ${show(options)}`);
  }
  const shim = own(options, "shim");
  const ffi = own(options, "ffi");
  return { path: shim === undefined ? undefined : toPath(shim), ffi: toFfi(ffi) };
}

function toFfi(ffi: unknown): NodeFfiName | undefined {
  const known = NODE_FFIS.find((name) => name === ffi);
  if (known === ffi) return known;
  const error = typeof ffi === "string" ? RangeError : TypeError;
  const names = NODE_FFIS.map((name) => `"${name}"`).join(", ");
  throw new error(`Expected \`options.ffi\` to be one of ${names}, got ${show(ffi)}`);
}

/** Never what is inherited: who can write to Object.prototype could have a library of theirs loaded. */
function own(options: object, key: keyof BindOptions): unknown {
  return Object.getOwnPropertyDescriptor(options, key) && (options as BindOptions)[key];
}

/** An absolute path, from itself or from a file URL, also one of another realm. */
function toPath(shim: unknown): string {
  const text = typeof shim === "object" && shim !== null ? (shim as URL).href : shim;
  if (typeof text !== "string") {
    throw new TypeError(`Expected \`options.shim\` to be a path or a file URL, got ${show(shim)}`);
  }
  const path = text.startsWith("file:///") ? decodePath(text) : text;
  if (!path.startsWith("/") || path.includes("\0")) {
    throw new RangeError(
      `Expected \`options.shim\` to be an absolute path or a file URL, got ${show(text)}`,
    );
  }
  return path;
}

/** Empty where the URL's escapes are no UTF-8. */
function decodePath(url: string): string {
  try {
    return decodeURIComponent(new URL(url).pathname);
  } catch {
    return "";
  }
}
