/**
 * The binding of this JavaScript context: an FFI, the shim loaded through it, and the vDSO behind; or
 * the runtime's own clocks.
 *
 * @module
 */
import { type Machine, MACHINES } from "../elf/entries.ts";
import { errorMessage } from "../ffi/error_message.ts";
import { ffis } from "../ffi/mod.ts";
import { detectPlatform } from "../ffi/runtime.ts";
import { type RuntimeClocks, runtimeClocks } from "../ffi/runtime_clocks.ts";
import type { Ffi, FfiName, Functions, NodeFfiName, Signatures } from "../ffi/types.ts";
import { IMAGES, type ShimImage } from "../shim/images.ts";
import { load, loadFile, type Shim } from "../shim/load.ts";
import { addonImage } from "../shim/node_images.ts";
import { SHIM, SHIM_ALL, SHIM_RANDOM } from "../shim/signatures.ts";
import { UnsupportedError } from "./errors.ts";
import { bindClock, bindEntries, type Vdso } from "./vdso.ts";

/** The shim is loaded. */
export interface Native {
  readonly kind: "native";
  readonly ffi: FfiName;
  readonly shim: Shim;
  /** The file that was asked for. */
  readonly path: string | undefined;
  /** Parsed, and every entry bound, when it is first asked for. */
  readonly vdso: Vdso;
  /** For random numbers; resolved once. */
  random(): Random;
  /** Opens now what would be opened later, where that makes a difference to the program. */
  openAll(): void;
}

/** The shim's random numbers, for this thread. */
export interface Random {
  readonly functions: Functions<typeof SHIM_RANDOM>;
  /** This thread's place among the vDSO's states of getrandom; negative without one. */
  readonly slot: number;
}

/** No FFI: the runtime's own clocks answer. */
export interface WithoutFfi {
  readonly kind: "runtime";
  readonly runtime: RuntimeClocks;
  readonly error: UnsupportedError;
  /** There is an FFI, but something was missing at that moment: a descriptor, memory. */
  readonly momentary: boolean;
}

/** How to bind. */
export interface Wish {
  /** The shim as a file. */
  readonly path?: string | undefined;
  readonly ffi?: NodeFfiName | undefined;
}

let current: Native | WithoutFfi | undefined;
/** Once a clock has answered it stays: a timeline never changes. */
let settled = false;

/** The binding, made if need be. Never throws. What was missing for a moment is asked for again. */
export function bound(): Native | WithoutFfi {
  if (!current || (mayAskAgain(current) && isDue())) current = attempt({});
  return current;
}

function mayAskAgain(binding: Native | WithoutFfi): boolean {
  return binding.kind === "runtime" && binding.momentary && !settled;
}

const SOON = 16;
let waited = 0;

/**
 * Whether to ask again at this call. That takes milliseconds, and Deno frees nothing that it has opened:
 * what was missing so often is asked for after twice as many calls each time.
 */
function isDue(): boolean {
  waited++;
  return waited <= SOON || (waited & (waited - 1)) === 0;
}

/** The same for good: the caller keeps what it answers by, so that this is the last time to ask. */
export function settle(): Native | WithoutFfi {
  if (!current || mayAskAgain(current)) current = attempt({});
  settled = true;
  return current;
}

/** The shim, for what has no meaning without it. */
export function native(): Native {
  const binding = bound();
  if (binding.kind === "runtime") throw binding.error;
  return binding;
}

/** The binding as wished for: a new one unless there is one that must stay. Throws what forbids it. */
export function bindAs(wish: Wish): void {
  const { path, ffi } = wish;
  if (!current || (current.kind === "runtime" && !settled)) {
    const made = attempt(wish);
    if (made.kind === "runtime") throw made.error;
    current = made;
  }
  if (current.kind === "runtime") {
    if (path === undefined && ffi === undefined) throw current.error;
    throw new Error("Cannot bind any more: the runtime's own clock has already answered");
  }
  if ((path !== undefined && path !== current.path) || (ffi && ffi !== current.ffi)) {
    const by = current.path === undefined ? current.ffi : `${current.ffi} and ${current.path}`;
    throw new Error(`Cannot bind in another way: already bound by ${by}`);
  }
  current.openAll();
}

interface Failure {
  readonly reason: string;
  readonly cause?: unknown;
  readonly momentary?: boolean;
}

/** What a process may run out of, and have again: errno(3). */
const MOMENTARY = ["EMFILE", "ENFILE", "ENOMEM", "EAGAIN"];

function attempt({ path, ffi: wanted }: Wish): Native | WithoutFfi {
  const failures: Failure[] = [];
  try {
    const { os, arch } = detectPlatform();
    const image = os === "linux" ? IMAGES[arch] : undefined;
    const machine = MACHINES[arch];
    if (!image || !machine) throw new Error(`There is no shim for ${os} on ${arch}`);
    for (const ffi of ffis({ shim: path, ffi: wanted, addon: addonImage(arch) })) {
      if (ffi.name === "none") failures.push({ ...ffi, momentary: isMomentary(ffi.cause) });
      else {
        try {
          return bindTo(ffi, image, machine, path);
        } catch (cause) {
          // FFIs do not tell the errno: whatever went wrong on the way may go right next time.
          failures.push({ reason: errorMessage(cause), cause, momentary: true });
        }
      }
    }
  } catch (cause) {
    failures.push({ reason: errorMessage(cause), cause });
  }
  const reason = failures.map(({ reason }) => reason.replace(/\.$/, "")).join("; ");
  const cause = failures.find((failure) => failure.cause !== undefined)?.cause;
  return {
    kind: "runtime",
    runtime: runtimeClocks(),
    error: new UnsupportedError(reason, cause === undefined ? {} : { cause }),
    momentary: failures.some(({ momentary }) => momentary),
  };
}

function isMomentary(error: unknown): boolean {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown };
  return MOMENTARY.some((name) => name === code) || (cause !== undefined && isMomentary(cause));
}

function bindTo(ffi: Ffi, image: ShimImage, machine: Machine, path: string | undefined): Native {
  const shim = ffi.isShim
    ? { core: ffi.open("", SHIM), open: ffi.open.bind(ffi, "") as Shim["open"] }
    : path === undefined
    ? load(ffi, image)
    : loadFile(ffi, image, path);
  const hasClock = bindClock(shim, machine);
  let vdso = hasClock ? undefined : bindEntries(shim, machine, false);
  const bindAll = () => vdso ??= bindEntries(shim, machine, hasClock);
  // A process may be denied even the system call (seccomp): then its runtime must know better.
  if (Number.isNaN(shim.core.vdso_now())) {
    throw new Error("clock_gettime(CLOCK_MONOTONIC) fails in this process");
  }
  let random: Random | undefined;
  const openRandom = () => {
    const functions = open(SHIM_RANDOM);
    return { functions, slot: functions.vdso_random_slot() };
  };
  let all: Functions<typeof SHIM_ALL> | undefined;
  return {
    kind: "native",
    ffi: ffi.name,
    shim: { core: shim.core, open },
    path,
    get vdso() {
      return bindAll();
    },
    random: () => random ??= openRandom(),
    openAll() {
      bindAll();
      if (ffi.countsLibraries) all ??= shim.open(SHIM_ALL);
    },
  };

  /** What takes other entries than the first call's. A program may have dropped its permission since. */
  function open<const S extends Signatures>(group: S): Functions<S> {
    bindAll();
    if (all) return all as unknown as Functions<S>;
    try {
      return shim.open(group);
    } catch (cause) {
      throw new UnsupportedError(errorMessage(cause), { cause });
    }
  }
}
