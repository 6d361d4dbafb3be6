/**
 * Turns the trampoline's bytes into functions: something must be found that dlopen(3) can open,
 * and that nobody else can have put there.
 *
 * @module
 */
import {
  type Ffi,
  type Functions,
  LIBC,
  LIBC_FILES,
  SHIM,
  SHIM_CLOCKS,
  SHIM_CPU,
  SHIM_PROCESS,
  SHIM_RANDOM,
  SHIM_REFERENCE,
  SHIM_TICKS,
  SHIM_WALL,
  type Signatures,
} from "../ffi/types.ts";
import type { ShimImage } from "./images.ts";

/** The loaded trampoline. */
export interface Shim {
  /** The functions that `now()` takes. */
  readonly core: Functions<typeof SHIM>;
  /** Resolves another group of its functions. */
  open<const S extends Signatures>(group: S): Functions<S>;
}

type Libc = Functions<typeof LIBC>;

// The musl C library answers to this name too.
const LIBC_NAME = "libc.so.6";
const RTLD_NOW = 2;
const RTLD_NOLOAD = 4; // of glibc and musl alike
const MFD_CLOEXEC = 1; // not MFD_EXEC: sysctl vm.memfd_noexec=2 refuses it

/** Every function, for where the library cannot be reached a second time. */
const ALL = {
  ...SHIM,
  ...SHIM_CLOCKS,
  ...SHIM_WALL,
  ...SHIM_CPU,
  ...SHIM_TICKS,
  ...SHIM_RANDOM,
  ...SHIM_REFERENCE,
  ...SHIM_PROCESS,
} as const;

/**
 * Opens the trampoline's file at `path`, which the caller vouches for.
 *
 * @throws {Error} if it is not the trampoline of this version
 */
export function loadFile(ffi: Ffi, image: ShimImage, path: string): Shim {
  try {
    return checked(image, reachable(ffi, path));
  } catch (cause) {
    // Not every FFI names the file.
    throw new Error(`Opening ${path} failed: ${messages([cause])}`, { cause });
  }
}

/**
 * Loads `image`, once in a process. glibc knows what is loaded by its SONAME, musl by the file alone:
 * there the memfd stays open, for the Workers that follow.
 *
 * @throws {Error} if the process may neither map executable memory from a memfd nor from a file of
 * its own
 */
export function load(ffi: Ffi, image: ShimImage): Shim {
  const libc = ffi.open(LIBC_NAME, LIBC);
  const reasons: unknown[] = [];
  for (const attempt of [findLoaded, loadFromMemory, loadFromFile]) {
    try {
      const shim = attempt(ffi, libc, image);
      if (shim) return shim;
    } catch (reason) {
      reasons.push(reason);
    }
  }
  throw new Error(`Loading the trampoline failed: ${messages(reasons)}`, { cause: reasons[0] });
}

/** Another Worker may have loaded it; linked with -z nodelete, it is there for good. */
function findLoaded(ffi: Ffi, libc: Libc, image: ShimImage): Shim | undefined {
  return handle(libc, image.soname) ? checked(image, reachable(ffi, image.soname)) : undefined;
}

/**
 * A memfd works on read-only file systems and where /tmp is mounted noexec. A Worker may be
 * terminated anywhere in here, and then no finally block runs: the name tells vdso_sweep() whose
 * descriptor it is.
 */
function loadFromMemory(ffi: Ffi, libc: Libc, image: ShimImage): Shim {
  const shared = isMusl(libc);
  const left = shared ? loadLeftOpen(ffi, libc, image) : undefined;
  if (left) return left.shim;
  const fd = libc.memfd_create(cString(shared ? SHARED : OWN + threadName(libc)), MFD_CLOEXEC);
  if (fd < 0) throw new Error("memfd_create(2) was refused");
  let keep = false;
  try {
    writeAll(libc, fd, imageBytes(image));
    // Another thread may have been at it, too: of two that are complete both take the first.
    const first = shared ? loadLeftOpen(ffi, libc, image) : undefined;
    keep = first?.fd === fd;
    return first?.shim ?? loadPath(ffi, libc, image, uniquePath(fd, image));
  } finally {
    if (!keep) libc.close(fd);
  }
}

/** The names of memfds. vdso_sweep() takes what follows the colon for a thread's, below /proc. */
const OWN = "x-vdso:";
const SHARED = `${OWN}self`; // lives as long as anybody who asks

/** Many in a row are no descriptors of this process: then there are none beyond. */
const LAST_DESCRIPTORS = 256;

/**
 * On musl, what another Worker has loaded before: the first of them. Another version's is passed
 * over, and so is what is not written to its end: its Worker is still at it, or was terminated.
 */
function loadLeftOpen(
  ffi: Ffi,
  libc: Libc,
  image: ShimImage,
): { fd: number; shim: Shim } | undefined {
  for (let fd = 0, absent = 0; absent < LAST_DESCRIPTORS; fd++) {
    const name = readLink(libc, `/proc/self/fd/${fd}`);
    absent = name === "" ? absent + 1 : 0;
    if (!name.startsWith(`/memfd:${SHARED}`)) continue;
    try {
      return { fd, shim: loadPath(ffi, libc, image, uniquePath(fd, image)) };
    } catch {
      // The next one, or one of our own.
    }
  }
  return undefined;
}

/** musl is its own libm too, under every name that this has elsewhere. */
function isMusl(libc: Libc): boolean {
  const own = handle(libc, LIBC_NAME);
  return Boolean(own) && own === handle(libc, "libm.so.6");
}

/**
 * A file of a name nobody can guess, in a directory nobody else may enter, gone when this returns.
 * Not where TMPDIR points: that would read the environment.
 */
function loadFromFile(ffi: Ffi, libc: Libc, image: ShimImage): Shim {
  const files = ffi.open(LIBC_NAME, LIBC_FILES);
  const reasons: unknown[] = [];
  for (const parent of ["/tmp", "/var/tmp", "/dev/shm"]) {
    const directory = cString(`${parent}/x-vdso-XXXXXX`);
    if (files.mkdtemp(directory) === 0n) {
      reasons.push(new Error(`mkdtemp(3) failed in ${parent}`));
      continue;
    }
    const path = `${String.fromCharCode(...directory.subarray(0, -1))}/trampoline.so`;
    const fd = files.creat(cString(path), 0o600);
    try {
      if (fd < 0) throw new Error(`creat(2) failed in ${parent}`);
      writeAll(libc, fd, imageBytes(image));
      return loadPath(ffi, libc, image, path);
    } catch (reason) {
      reasons.push(reason);
    } finally {
      if (fd >= 0) libc.close(fd);
      files.unlink(cString(path));
      files.rmdir(directory);
    }
  }
  throw new Error(messages(reasons), { cause: reasons[0] });
}

function messages(reasons: readonly unknown[]): string {
  return reasons.map((reason) => reason instanceof Error ? reason.message : reason).join("; ");
}

/**
 * Opens a path that is gone soon; later groups go by the SONAME, where that leads to this very
 * library, or are resolved now.
 */
function loadPath(ffi: Ffi, libc: Libc, image: ShimImage, path: string): Shim {
  const { core } = checked(image, reachable(ffi, path));
  const loaded = handle(libc, path);
  const first = handle(libc, image.soname);
  if (loaded && loaded === first) {
    return { core, open: (group) => ffi.open(image.soname, group) };
  }
  if (first) {
    try {
      // Another thread was faster: of several copies all take the first.
      return checked(image, reachable(ffi, image.soname));
    } catch {
      // What has the name is something else.
    }
  }
  const all = ffi.open(path, ALL);
  return { core, open: <S extends Signatures>() => all as unknown as Functions<S> };
}

function reachable(ffi: Ffi, name: string): Shim {
  return { core: ffi.open(name, SHIM), open: (group) => ffi.open(name, group) };
}

function checked(image: ShimImage, shim: Shim): Shim {
  const id = shim.core.vdso_build_id();
  if (id !== image.buildId) {
    throw new Error(
      `Expected the trampoline ${image.buildId.toString(16)}, dlopen(3) gave ${id.toString(16)}`,
    );
  }
  return shim;
}

/** The C library's handle of what is loaded under that name: one for each library, or 0. */
function handle(libc: Libc, name: string): bigint {
  return libc.dlopen(cString(name), RTLD_NOW | RTLD_NOLOAD);
}

/**
 * A path to descriptor `fd` that is spelt differently for each build of the trampoline. glibc
 * knows a library by the string that opened it: another version's memfd may have had this very
 * number, and dlopen("/proc/self/fd/N") would then return that one. Between the components the
 * build id's bits stand as `/` and `/.`, which the kernel skips.
 */
function uniquePath(fd: number, image: ShimImage): string {
  const bits = image.buildId.toString(2).replaceAll("0", "/").replaceAll("1", "/.");
  return `/proc/self/fd${bits}/${fd}`;
}

function writeAll(libc: Libc, fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) {
    const rest = bytes.subarray(done);
    const written = Number(libc.write(fd, rest, BigInt(rest.length)));
    if (written <= 0) throw new Error(`write(2) wrote ${done} of ${bytes.length} bytes`);
    done += written;
  }
}

/** This thread as /proc names it, "PID/task/TID"; empty without /proc. */
function threadName(libc: Libc): string {
  return readLink(libc, "/proc/thread-self");
}

/** Where a symbolic link leads, its first 64 bytes; empty if there is none. */
function readLink(libc: Libc, path: string): string {
  const target = new Uint8Array(64);
  const length = Number(libc.readlink(cString(path), target, BigInt(target.length)));
  return length > 0 ? String.fromCharCode(...target.subarray(0, length)) : "";
}

/**
 * The shared object itself. A plain loop where the built-in is missing: Uint8Array.from(atob(x), f)
 * costs milliseconds.
 */
export function imageBytes({ base64 }: ShimImage): Uint8Array {
  const { fromBase64 } = Uint8Array as { fromBase64?(text: string): Uint8Array };
  if (fromBase64) return fromBase64.call(Uint8Array, base64);
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** A NUL-terminated string, of ASCII alone. */
function cString(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length + 1);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
