/**
 * The trampoline as a file.
 *
 * @module
 */
import { detectPlatform } from "../ffi/runtime.ts";
import { IMAGES } from "../shim/images.ts";
import { imageBytes } from "../shim/load.ts";
import { UnsupportedError } from "./errors.ts";

/** A prebuilt shared object: what {@link trampoline} returns. */
export interface Trampoline {
  /** The CPU that it is for, by the kernel's name: `"x86_64"`, `"aarch64"`, `"ppc64le"`, ... */
  readonly arch: string;
  /** DT_SONAME, which names the build. */
  readonly soname: string;
  /** SHA-256 of `bytes`, in hex. */
  readonly sha256: string;
  /** The ELF shared object. */
  readonly bytes: Uint8Array;
}

/**
 * The shared object that the FFI loads, for those who want it as a file: to audit it, or to
 * {@link bind} it where a process may load that one file and nothing else. Needs no permission and
 * no FFI.
 *
 * @throws {UnsupportedError} if there is none for this system and CPU
 *
 * @example
 * ```ts
 * import { trampoline } from "@x/vdso";
 *
 * const { soname, sha256, bytes } = trampoline();
 * console.log(soname, sha256, bytes.length);
 * ```
 */
export function trampoline(): Trampoline {
  const { os, arch } = detectPlatform();
  const image = os === "linux" ? IMAGES[arch] : undefined;
  if (!image) throw new UnsupportedError(`There is no trampoline for ${os} on ${arch}`);
  return { arch, soname: image.soname, sha256: image.sha256, bytes: imageBytes(image) };
}
