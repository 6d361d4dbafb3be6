/**
 * The shim as a file.
 *
 * @module
 */
import { detectPlatform, imageBytes, IMAGES } from "../core/internals.ts";
import { UnsupportedError } from "../mod.ts";

/** A prebuilt shared object: what {@link shimFile} returns. */
export interface ShimFile {
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
 * import { shimFile } from "@x/vdso/doctor";
 *
 * const { soname, sha256, bytes } = shimFile();
 * console.log(soname, sha256, bytes.length);
 * ```
 */
export function shimFile(): ShimFile {
  const { os, arch } = detectPlatform();
  const image = os === "linux" ? IMAGES[arch] : undefined;
  if (!image) throw new UnsupportedError(`There is no shim for ${os} on ${arch}`);
  return { arch, soname: image.soname, sha256: image.sha256, bytes: imageBytes(image) };
}
