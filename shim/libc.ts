/**
 * The part of the C library that loading the shim takes; C declarations from the manual pages.
 *
 * @module
 */
import type { Functions, Signatures } from "../ffi/types.ts";

/** The musl C library answers to this name, too. */
export const LIBC_NAME = "libc.so.6";
const RTLD_NOW = 2;
const RTLD_NOLOAD = 4; // of glibc and musl alike

/** Takes a descriptor to dlopen(3). */
export const LIBC = {
  // int memfd_create(const char *name, unsigned int flags);
  memfd_create: [["buffer", "u32"], "i32"],
  // ssize_t write(int fd, const void *buf, size_t count);
  write: [["i32", "buffer", "usize"], "i64"],
  // int getrlimit(int resource, struct rlimit *rlim); two words: soft and hard
  getrlimit: [["i32", "buffer"], "i32"],
  // ssize_t readlink(const char *pathname, char *buf, size_t bufsiz);
  readlink: [["buffer", "buffer", "usize"], "i64"],
  // int close(int fd);
  close: [["i32"], "i32"],
  // void *dlopen(const char *filename, int flags); only compared with NULL
  dlopen: [["buffer", "i32"], "usize"],
} as const satisfies Signatures;

/** The part of libc for a temporary file, where memfd_create(2) is denied. */
export const LIBC_FILES = {
  // char *mkdtemp(char *template); writes into its argument
  mkdtemp: [["buffer"], "usize"],
  // int creat(const char *pathname, mode_t mode);
  creat: [["buffer", "u32"], "i32"],
  // int unlink(const char *pathname);
  unlink: [["buffer"], "i32"],
  // int rmdir(const char *pathname);
  rmdir: [["buffer"], "i32"],
} as const satisfies Signatures;

/** What musl takes besides. */
export const LIBC_MUSL = {
  // ssize_t pread(int fd, void *buf, size_t count, off_t offset);
  pread: [["i32", "buffer", "usize", "i64"], "i64"],
  // int fcntl(int fd, int cmd, int arg);
  fcntl: [["i32", "i32", "i32"], "i32"],
} as const satisfies Signatures;

/** Its functions. */
export type Libc = Functions<typeof LIBC>;

/** musl is its own libm too, under every name that this has elsewhere. */
export function isMusl(libc: Libc): boolean {
  const own = handle(libc, LIBC_NAME);
  return Boolean(own) && own === handle(libc, "libm.so.6");
}

/** The C library's handle of what is loaded under that name: one for each library, or 0. */
export function handle(libc: Libc, name: string): bigint {
  return libc.dlopen(cString(name), RTLD_NOW | RTLD_NOLOAD);
}

const RLIMIT_FSIZE = 1;

/**
 * Writes all of it, or throws. Not where the process may not write so much: the kernel would send
 * SIGXFSZ, and that ends Deno.
 */
export function writeAll(libc: Libc, fd: number, bytes: Uint8Array): void {
  const limits = new BigUint64Array(2);
  const asked = libc.getrlimit(RLIMIT_FSIZE, new Uint8Array(limits.buffer)) === 0;
  const [soft = 0n] = limits;
  if (asked && soft < bytes.length) {
    throw new Error(`RLIMIT_FSIZE allows files of ${soft} bytes, and the shim has ${bytes.length}`);
  }
  for (let done = 0; done < bytes.length;) {
    const rest = bytes.subarray(done);
    const written = Number(libc.write(fd, rest, BigInt(rest.length)));
    if (written <= 0) throw new Error(`write(2) wrote ${done} of ${bytes.length} bytes`);
    done += written;
  }
}

/** This thread as /proc names it, "PID/task/TID"; empty without /proc. */
export function threadName(libc: Libc): string {
  return readLink(libc, "/proc/thread-self");
}

/** Where a symbolic link leads, its first 64 bytes; empty if there is none. */
export function readLink(libc: Libc, path: string): string {
  const target = new Uint8Array(64);
  const length = Number(libc.readlink(cString(path), target, BigInt(target.length)));
  return length > 0 ? latin1(target.subarray(0, length)) : "";
}

/** One character for each byte. Spread arguments cost Bun a millisecond when it sees the first ones. */
export function latin1(bytes: Uint8Array): string {
  return String.fromCharCode.apply(null, bytes as unknown as number[]);
}

/** A NUL-terminated string, of ASCII alone. */
export function cString(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length + 1);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}
