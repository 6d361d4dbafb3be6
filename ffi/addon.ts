/**
 * The shim as an addon of Node (`shim/node.c`): no FFI is needed for it. Where this V8 is known, its hot
 * functions are V8's fast API calls, and cost what the FFIs of the other runtimes cost.
 *
 * @module
 */
import { descriptorPath } from "./descriptor_path.ts";
import { errorMessage } from "./error_message.ts";
import { builtin, globals, type Process } from "./runtime.ts";
import type { Ffi, Functions, Signatures } from "./types.ts";

/** The addon for this CPU. */
export interface AddonImage {
  /** What its vdso_build_id() returns. */
  readonly buildId: number;
  /** DT_SONAME. */
  readonly soname: string;
  /** Where it may lie as a file; undefined where that cannot be told. */
  file(): string | undefined;
  /** Its bytes. */
  base64(): string;
}

type Result = number | bigint | undefined;
type NativeFunction = (...args: readonly unknown[]) => Result;

/** What the addon exports: functions by Node-API, as in shim/signatures.ts, and: */
export type Addon = Readonly<Record<string, NativeFunction>> & {
  /** The hot ones as fast calls, or undefined where this V8 is not known. */
  readonly fast: () => FastCalls | undefined;
};

/** V8's fast API calls. */
export interface FastCalls {
  readonly [name: string]: unknown;
  /** Where a fast call would make an object of each number: it leaves the number here instead. */
  readonly cell?: Float64Array;
  /** What such a function takes first. */
  readonly cell_index?: number;
}

/** The module node:process. */
interface NodeProcess extends Process {
  dlopen(module: { exports: unknown }, path: string): void;
  config?: { variables?: Readonly<Record<string, unknown>> };
}

/** The module node:fs. */
interface Files {
  constants: { O_CREAT: number; O_DIRECTORY: number; O_EXCL: number; O_RDWR: number };
  openSync(path: string, flags: number, mode: number): number;
  writeSync(fd: number, text: string, position: null, encoding: "base64"): number;
  closeSync(fd: number): void;
  mkdtempSync(prefix: string): string;
  unlinkSync(path: string): void;
  rmdirSync(path: string): void;
}

/**
 * The adapter; throws what Node throws where addons may not be loaded.
 *
 * @param path the addon's file, which the caller vouches for; what is left out is found
 */
export function addonFfi(image: AddonImage, path?: string): Ffi {
  // Not the global one: jest has a copy in its place.
  const process = (builtin("node:process") ?? globals.process) as NodeProcess;
  const addon = path === undefined ? find(process, image) : openFile(process, image, path);
  const functions = { ...addon, ...fastCalls(addon, process.config?.variables) };
  return {
    name: "addon",
    isShim: true,
    countsLibraries: false,
    open: <S extends Signatures>() => functions as unknown as Functions<S>,
  };
}

/**
 * The fast calls, where all goes to show that they are right; else none.
 *
 * The C side knows V8's version and layouts; what else V8 may be built with Node's configuration says.
 */
export function fastCalls(
  addon: Addon,
  variables: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  const { v8_enable_pointer_compression, v8_enable_sandbox } = variables;
  if (v8_enable_pointer_compression !== 0 || v8_enable_sandbox !== 0) return {};
  const fast = addon.fast();
  if (!fast) return {};
  const functions = withoutCell(fast);
  // The same clock in both ways: what is wrong with the layouts of V8's calls shows here.
  const before = addon["vdso_now"]?.() ?? NaN;
  const between = functions["vdso_now"]?.() ?? NaN;
  const after = addon["vdso_now"]?.() ?? NaN;
  const isNumber = typeof between === "number";
  return isNumber && before <= between && between <= after ? functions : {};
}

/**
 * The functions with the signatures that they should have.
 *
 * Each is written out, since closures from one place would share what V8 learns of their calls, and it
 * makes fast calls only where a place calls one function.
 */
function withoutCell(fast: FastCalls): Readonly<Record<string, NativeFunction>> {
  const { cell, cell_index: index } = fast;
  const at = fast as unknown as Record<
    | "vdso_build_id"
    | "vdso_now"
    | "vdso_clock"
    | "vdso_gettimeofday"
    | "vdso_time"
    | "vdso_getcpu"
    | "vdso_ticks"
    | "vdso_random_u32"
    | "vdso_random_f64",
    NativeFunction
  >;
  if (!cell || !Object.hasOwn(fast, "cell")) return at;
  return {
    ...at,
    vdso_build_id() {
      at.vdso_build_id(index);
      return cell[0];
    },
    vdso_now() {
      at.vdso_now(index);
      return cell[0];
    },
    vdso_clock(clock) {
      at.vdso_clock(index, clock);
      return cell[0];
    },
    vdso_gettimeofday() {
      at.vdso_gettimeofday(index);
      return cell[0];
    },
    vdso_time() {
      at.vdso_time(index);
      return cell[0];
    },
    vdso_getcpu() {
      at.vdso_getcpu(index);
      return cell[0];
    },
    vdso_ticks() {
      at.vdso_ticks(index);
      return cell[0];
    },
    vdso_random_u32(slot) {
      at.vdso_random_u32(index, slot);
      return cell[0];
    },
    vdso_random_f64(slot) {
      at.vdso_random_f64(index, slot);
      return cell[0];
    },
  };
}

function open(process: NodeProcess, { buildId }: AddonImage, path: string): Addon {
  const module = { exports: {} as Addon };
  process.dlopen(module, path);
  const id = module.exports["vdso_build_id"]?.();
  if (id !== buildId) {
    throw new Error(
      `Expected the addon ${buildId.toString(16)}, dlopen(3) gave ${id?.toString(16)}`,
    );
  }
  return module.exports;
}

/** What somebody has asked for: may be the shim as a library, which takes an FFI. */
function openFile(process: NodeProcess, image: AddonImage, path: string): Addon {
  try {
    return open(process, image, path);
  } catch (cause) {
    if (!errorMessage(cause).includes("self-register")) throw cause;
    throw new Error(`${path} is no addon, as the npm package's shim_CPU.node is`, { cause });
  }
}

/** In the order in which they are tried. Not where TMPDIR points: that would read the environment. */
const TEMPORARY = ["/tmp", "/var/tmp", "/dev/shm"];

/**
 * Loads it, where it can be once in a process: glibc knows by the SONAME what another Worker has
 * loaded. Else from the package's file; else from one that never had a name; else from one that
 * nobody else may enter, and that is gone when this returns.
 */
function find(process: NodeProcess, image: AddonImage): Addon {
  const reasons: unknown[] = [];
  for (const name of [image.soname, image.file()]) {
    try {
      if (name !== undefined) return open(process, image, name);
    } catch (reason) {
      if (codeOf(reason) === "ERR_DLOPEN_DISABLED") throw reason;
      reasons.push(reason);
    }
  }
  const base64 = image.base64();
  for (const directory of TEMPORARY) {
    for (const load of [fromNamelessFile, fromPrivateFile]) {
      try {
        return first(process, image, load(process, image, directory, base64));
      } catch (reason) {
        reasons.push(reason);
      }
    }
  }
  // That nothing has the SONAME, and no file lies there, is nothing to tell.
  const told = new Set(reasons.slice(1).map((reason) => errorMessage(reason)));
  throw new Error(`Loading the addon failed: ${[...told].join("; ")}`, { cause: reasons.at(-1) });
}

/** Another thread may have been faster: of several copies all take the first, where that can be told. */
function first(process: NodeProcess, image: AddonImage, loaded: Addon): Addon {
  try {
    return open(process, image, image.soname);
  } catch {
    return loaded; // musl
  }
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null | undefined)?.code;
}

/** O_TMPFILE without the O_DIRECTORY that it contains, which is not the same on every CPU. */
const TMPFILE = 0o20000000;

function fromNamelessFile(
  process: NodeProcess,
  image: AddonImage,
  directory: string,
  base64: string,
): Addon {
  const files = builtin("node:fs") as Files;
  const { O_DIRECTORY, O_RDWR } = files.constants;
  const fd = files.openSync(directory, TMPFILE | O_DIRECTORY | O_RDWR, 0o600);
  try {
    write(files, fd, base64);
    return open(process, image, descriptorPath(fd, image.buildId));
  } finally {
    files.closeSync(fd);
  }
}

/** For file systems that have no such files. */
function fromPrivateFile(
  process: NodeProcess,
  image: AddonImage,
  directory: string,
  base64: string,
): Addon {
  const files = builtin("node:fs") as Files;
  const { O_CREAT, O_EXCL, O_RDWR } = files.constants;
  const own = files.mkdtempSync(`${directory}/x-vdso-`);
  const path = `${own}/shim.node`;
  let fd = -1;
  try {
    fd = files.openSync(path, O_CREAT | O_EXCL | O_RDWR, 0o600);
    write(files, fd, base64);
    return open(process, image, path);
  } finally {
    if (fd >= 0) {
      files.closeSync(fd);
      files.unlinkSync(path);
    }
    files.rmdirSync(own);
  }
}

function write(files: Files, fd: number, base64: string): void {
  const length = base64.length / 4 * 3 - (base64.length - base64.replace(/=+$/, "").length);
  const written = files.writeSync(fd, base64, null, "base64");
  if (written !== length) throw new Error(`write(2) wrote ${written} of ${length} bytes`);
}
