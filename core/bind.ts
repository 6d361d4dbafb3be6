/**
 * Binding, once in each JavaScript context: finds an FFI, loads the trampoline, finds the vDSO and
 * chooses a path for each entry.
 *
 * @module
 */
import { ENTRIES, type EntryName, type Machine, MACHINES } from "../elf/entries.ts";
import { type ElfImage, imageSize, parseElf } from "../elf/parse.ts";
import { ffis } from "../ffi/mod.ts";
import { detectPlatform, type RuntimeClock, runtimeClock } from "../ffi/runtime.ts";
import {
  type Ffi,
  type FfiName,
  type Functions,
  SHIM_RANDOM,
  type Signatures,
} from "../ffi/types.ts";
import { IMAGES, type ShimImage } from "../shim/images.ts";
import { load, loadFile, type Shim } from "../shim/load.ts";
import { show, UnsupportedError } from "./errors.ts";

/** Where an entry's answers come from. */
export type EntrySource = "vdso" | "syscall" | "runtime";

/** Which path is live: what {@link sources} returns. */
export interface Sources {
  /** The FFI that reaches the trampoline, `"none"` where there is none. */
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
}

/** What {@link bind} takes. */
export interface BindOptions {
  /**
   * The trampoline as a file, absolute path or `file:` URL: for Deno's `--allow-ffi=PATH`, or where
   * no executable memory may be made. `vdso shim --out FILE` writes it. Whoever can write that file
   * runs code in this process.
   *
   * A URL by its shape: not every program's types have the class (TypeScript's "dom", @types/node).
   */
  readonly shim?: string | { readonly href: string };
  /** koffi, also where Node has an FFI of its own. */
  readonly ffi?: "koffi";
}

/** The trampoline is loaded. */
export interface Native {
  readonly kind: "native";
  readonly ffi: FfiName;
  readonly shim: Shim;
  /** The file that was asked for. */
  readonly path: string | undefined;
  readonly vdso: Vdso;
  /** For random numbers; resolved once. */
  random(): Random;
}

/** The trampoline's random numbers, for this thread. */
export interface Random {
  readonly functions: Functions<typeof SHIM_RANDOM>;
  /** This thread's place among the vDSO's states of getrandom; negative without one. */
  readonly slot: number;
}

/** No FFI: the runtime's own clock answers. */
export interface WithoutFfi {
  readonly kind: "runtime";
  readonly clock: RuntimeClock;
  readonly error: UnsupportedError;
}

/** What became of the kernel's image. */
export interface Vdso {
  readonly bytes?: Uint8Array;
  readonly image?: ElfImage;
  readonly entries: Record<EntryName, EntrySource>;
  readonly reason?: string;
  readonly cause?: unknown;
}

/** Once there, it stays: a timeline never changes once it has answered. */
let state: Native | WithoutFfi | undefined;

/**
 * Binds now instead of at the first call: to choose how, or to know early that it works.
 *
 * Without it, the first call of any function binds, and where that cannot be, the runtime's own
 * clock answers from then on. Binding again is free and does nothing. Costs a millisecond or two.
 *
 * @param options how; what is left out is chosen
 * @throws {UnsupportedError} if there is no FFI, with its `cause`
 * @throws {TypeError | RangeError} if an option is not what it should be
 * @throws {Error} if already bound in another way, or `now()` has answered from the runtime's clock
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
  const { path, ffi } = checkOptions(options);
  if (!state) {
    const attempt = tryBind(path, ffi);
    if (attempt.kind === "runtime") throw attempt.error;
    state = attempt;
  } else if (state.kind === "runtime") {
    if (path === undefined && ffi === undefined) throw state.error;
    throw new Error("Cannot bind any more: the runtime's own clock has already answered");
  } else if ((path !== undefined && path !== state.path) || (ffi && ffi !== state.ffi)) {
    const by = state.path === undefined ? state.ffi : `${state.ffi} and ${state.path}`;
    throw new Error(`Cannot bind in another way: already bound by ${by}`);
  }
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
      timeline: binding.clock.timeline,
      reason: binding.error.message,
      entries: everyEntry("runtime"),
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

/** The binding, made if need be. Never throws. */
export function bound(): Native | WithoutFfi {
  return state ??= tryBind(undefined, undefined);
}

/** The trampoline, for what has no meaning without it. */
export function native(): Native {
  const binding = bound();
  if (binding.kind === "runtime") throw binding.error;
  return binding;
}

function tryBind(path: string | undefined, wanted: "koffi" | undefined): Native | WithoutFfi {
  const failures: { reason: string; cause?: unknown }[] = [];
  try {
    const { os, arch } = detectPlatform();
    const image = os === "linux" ? IMAGES[arch] : undefined;
    const machine = MACHINES[arch];
    if (!image || !machine) throw new Error(`There is no trampoline for ${os} on ${arch}`);
    for (const ffi of ffis({ shim: path, ffi: wanted })) {
      if (ffi.name === "none") failures.push(ffi);
      else {
        try {
          return bindTo(ffi, image, machine, path);
        } catch (cause) {
          failures.push({ reason: message(cause), cause });
        }
      }
    }
  } catch (cause) {
    failures.push({ reason: message(cause), cause });
  }
  const reason = failures.map(({ reason }) => reason.replace(/\.$/, "")).join("; ");
  const cause = failures.find((failure) => failure.cause !== undefined)?.cause;
  return {
    kind: "runtime",
    clock: runtimeClock(),
    error: new UnsupportedError(reason, cause === undefined ? {} : { cause }),
  };
}

function bindTo(ffi: Ffi, image: ShimImage, machine: Machine, path: string | undefined): Native {
  const shim = path === undefined ? load(ffi, image) : loadFile(ffi, image, path);
  shim.core.vdso_sweep();
  const vdso = bindEntries(shim, machine);
  // A process may be denied even the system call (seccomp): then its runtime must know better.
  if (Number.isNaN(shim.core.vdso_now())) {
    throw new Error("clock_gettime(CLOCK_MONOTONIC) fails in this process");
  }
  let random: Random | undefined;
  const openRandom = () => {
    const functions = open(SHIM_RANDOM);
    return { functions, slot: functions.vdso_random_slot() };
  };
  return {
    kind: "native",
    ffi: ffi.name,
    shim: { core: shim.core, open },
    path,
    vdso,
    random: () => random ??= openRandom(),
  };

  /** A program may have dropped its permission since. */
  function open<const S extends Signatures>(group: S): Functions<S> {
    try {
      return shim.open(group);
    } catch (cause) {
      throw new UnsupportedError(message(cause), { cause });
    }
  }
}

/** Entries start out as system calls, so that whatever goes wrong here leaves a working clock. */
function bindEntries(shim: Shim, machine: Machine): Vdso {
  const entries = everyEntry("syscall");
  let bytes: Uint8Array | undefined;
  try {
    bytes = copyImage(shim);
    if (!bytes) return { entries, reason: "The kernel maps no vDSO into this process" };
    const image = parseElf(bytes);
    if (image.class !== 64 || image.machine !== machine.machine) {
      const found = `a ${image.class}-bit image for machine ${image.machine}`;
      return { bytes, entries, reason: `The vDSO is ${found}, not for this CPU` };
    }
    // Where the vDSO was unmapped, another library may have come to lie.
    if (!image.soname?.startsWith("linux-vdso")) {
      const found = image.soname ?? "an image without a name";
      return { bytes, entries, reason: `AT_SYSINFO_EHDR points at ${found}, which is no vDSO` };
    }
    const missing: string[] = [];
    ENTRIES.forEach((entry, index) => {
      const name = machine.symbols[entry];
      const symbol = name === undefined ? undefined : image.lookup(name, machine.version);
      if (symbol && shim.core.vdso_bind(index, symbol.offset) === 0) entries[entry] = "vdso";
      else missing.push(entry);
    });
    if (missing.length === 0) return { bytes, image, entries };
    return { bytes, image, entries, reason: `This vDSO has no ${missing.join(", ")}` };
  } catch (cause) {
    const reason = `The vDSO cannot be read: ${message(cause)}`;
    return { ...(bytes && { bytes }), entries, reason, cause };
  }
}

const PAGE_SIZE = 4096; // the least there is: enough for the ELF header
const MAX_SIZE = 1 << 20; // the largest known vDSO has 28 KB

function copyImage(shim: Shim): Uint8Array | undefined {
  const head = new Uint8Array(PAGE_SIZE);
  const got = shim.core.vdso_copy_image(head, head.length);
  if (got === 0) return undefined;
  if (got < 0) throw new Error(`nothing can be read at AT_SYSINFO_EHDR (errno ${-got})`);
  const bytes = new Uint8Array(Math.min(imageSize(head.subarray(0, got)), MAX_SIZE));
  return bytes.subarray(0, Math.max(0, shim.core.vdso_copy_image(bytes, bytes.length)));
}

function everyEntry(source: EntrySource): Record<EntryName, EntrySource> {
  return Object.fromEntries(ENTRIES.map((entry) => [entry, source])) as Record<
    EntryName,
    EntrySource
  >;
}

function checkOptions(
  options: BindOptions,
): { path: string | undefined; ffi: "koffi" | undefined } {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`Expected \`options\` to be an object, got ${show(options)}`);
  }
  const { shim, ffi } = options;
  if (ffi !== undefined && ffi !== "koffi") {
    const error = typeof ffi === "string" ? RangeError : TypeError;
    throw new error(`Expected \`options.ffi\` to be "koffi", got ${show(ffi)}`);
  }
  return { path: shim === undefined ? undefined : toPath(shim), ffi };
}

/** An absolute path, from itself or from a file URL. */
function toPath(shim: string | { readonly href: string }): string {
  if (typeof shim !== "string" && !(shim instanceof URL)) {
    throw new TypeError(`Expected \`options.shim\` to be a path or a file URL, got ${show(shim)}`);
  }
  const text = String(shim);
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

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
