/**
 * Turns the shim's bytes into functions: something must be found that dlopen(3) can open,
 * and that nobody else can have put there.
 *
 * @module
 */
import { descriptorPath } from "../ffi/descriptor_path.ts";
import { errorMessage } from "../ffi/error_message.ts";
import { detectPlatform } from "../ffi/runtime.ts";
import type { Ffi, Functions, Signatures } from "../ffi/types.ts";
import type { ShimImage } from "./images.ts";
import {
  cString,
  handle,
  isMusl,
  latin1,
  LIBC,
  type Libc,
  LIBC_FILES,
  LIBC_MUSL,
  LIBC_NAME,
  readLink,
  threadName,
  writeAll,
} from "./libc.ts";
import { nodeImage } from "./node_images.ts";
import { SHIM, SHIM_ALL, SHIM_SWEEP } from "./signatures.ts";

/** The loaded shim. */
export interface Shim {
  /** The functions that `now()` takes. */
  readonly core: Functions<typeof SHIM>;
  /** Resolves another group of its functions. */
  open<const S extends Signatures>(group: S): Functions<S>;
}

const MFD_CLOEXEC = 1; // not MFD_EXEC: sysctl vm.memfd_noexec=2 refuses it
const MFD_ALLOW_SEALING = 2;

/**
 * Opens the shim's file at `path`, which the caller vouches for.
 *
 * @throws {Error} if it is not the shim of this version
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
  throw new Error(`Loading the shim failed: ${messages(reasons)}`, { cause: reasons[0] });
}

/**
 * Another Worker may have loaded it; linked with -z nodelete, it is there for good. Others may have been
 * terminated while they did.
 */
function findLoaded(ffi: Ffi, libc: Libc, image: ShimImage): Shim | undefined {
  if (!handle(libc, image.soname)) return undefined;
  const shim = checked(image, reachable(ffi, image.soname));
  shim.open(SHIM_SWEEP).vdso_sweep();
  return shim;
}

/**
 * A memfd works on read-only file systems and where /tmp is mounted noexec. A Worker may be
 * terminated anywhere in here, and then no finally block runs: the name tells vdso_sweep() whose
 * descriptor it is.
 */
function loadFromMemory(ffi: Ffi, libc: Libc, image: ShimImage): Shim {
  if (isMusl(libc)) return loadShared(ffi, libc, image);
  const fd = libc.memfd_create(cString(OWN + threadName(libc)), MFD_CLOEXEC);
  if (fd < 0) throw new Error("memfd_create(2) was refused");
  try {
    writeAll(libc, fd, imageBytes(image));
    return loadPath(ffi, libc, image, descriptorPath(fd, image.buildId));
  } finally {
    libc.close(fd);
  }
}

/** The names of memfds. vdso_sweep() takes what follows the colon for a thread's, below /proc. */
const OWN = "x-vdso:";
const SHARED = `${OWN}self`; // lives as long as anybody who asks

/** On musl a memfd stays open, by which Workers find the library that is loaded. */
function loadShared(ffi: Ffi, libc: Libc, image: ShimImage): Shim {
  const bytes = imageBytes(image);
  const musl = ffi.open(LIBC_NAME, LIBC_MUSL);
  const left = loadLeftOpen(ffi, libc, musl, image, bytes);
  if (left) return left.shim;
  const fd = libc.memfd_create(cString(SHARED), MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd < 0) throw new Error("memfd_create(2) was refused");
  let keep = false;
  try {
    writeAll(libc, fd, bytes);
    musl.fcntl(fd, F_ADD_SEALS, EVERY_SEAL);
    // Another thread may have been at it, too: of two that are complete both take the first.
    const first = loadLeftOpen(ffi, libc, musl, image, bytes);
    keep = first?.fd === fd;
    return first?.shim ?? loadPath(ffi, libc, image, descriptorPath(fd, image.buildId));
  } finally {
    if (!keep) libc.close(fd);
  }
}

const F_ADD_SEALS = 1033;
const F_GET_SEALS = 1034;
/** Nobody can change it any more: F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE. */
const EVERY_SEAL = 1 | 2 | 4 | 8;

/** Many in a row are no descriptors of this process: then there are none beyond. */
const LAST_DESCRIPTORS = 256;
/** It is looked for no further: each costs a system call, and some processes have 100,000. */
const MOST_DESCRIPTORS = 1024;

/**
 * What another Worker has loaded before: the first of them. Another version's is passed over, and so is
 * what is not written to its end: its Worker is still at it, or was terminated. A descriptor of that
 * name may also have been inherited from whoever started this process: nothing is opened unless it has
 * the shim's own bytes, for good.
 */
function loadLeftOpen(
  ffi: Ffi,
  libc: Libc,
  { fcntl, pread }: Functions<typeof LIBC_MUSL>,
  image: ShimImage,
  bytes: Uint8Array,
): { fd: number; shim: Shim } | undefined {
  const found = new Uint8Array(bytes.length + 1);
  for (let fd = 0, absent = 0; absent < LAST_DESCRIPTORS && fd < MOST_DESCRIPTORS; fd++) {
    const name = readLink(libc, `/proc/self/fd/${fd}`);
    absent = name === "" ? absent + 1 : 0;
    if (!name.startsWith(`/memfd:${SHARED}`)) continue;
    if ((fcntl(fd, F_GET_SEALS, 0) & EVERY_SEAL) !== EVERY_SEAL) continue;
    const length = Number(pread(fd, found, BigInt(found.length), 0n));
    if (length !== bytes.length || bytes.some((byte, i) => byte !== found[i])) continue;
    return { fd, shim: loadPath(ffi, libc, image, descriptorPath(fd, image.buildId)) };
  }
  return undefined;
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
    const path = `${latin1(directory.subarray(0, -1))}/shim.so`;
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
  return [...new Set(reasons.map(errorMessage))].join("; ");
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
  const all = ffi.open(path, SHIM_ALL);
  return { core, open: <S extends Signatures>() => all as unknown as Functions<S> };
}

function reachable(ffi: Ffi, name: string): Shim {
  return { core: ffi.open(name, SHIM), open: (group) => ffi.open(name, group) };
}

function checked(image: ShimImage, shim: Shim): Shim {
  const id = shim.core.vdso_build_id();
  if (id !== image.buildId) {
    throw new Error(
      `Expected the shim ${image.buildId.toString(16)}, dlopen(3) gave ${id.toString(16)}`,
    );
  }
  return shim;
}

/**
 * The shared object itself. A plain loop where the built-in is missing: Uint8Array.from(atob(x), f)
 * costs milliseconds.
 *
 * @param cpu the image's, by the kernel's name of it
 */
export function imageBytes(image: ShimImage, cpu: string = detectPlatform().arch): Uint8Array {
  const base64 = image.base64 ?? nodeImage(cpu);
  const { fromBase64 } = Uint8Array as { fromBase64?(text: string): Uint8Array };
  if (fromBase64) return fromBase64.call(Uint8Array, base64);
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
