/**
 * Compiles the shim, for any CPU on any: one clang and one lld (Debian's clang-19 and lld-19) serve
 * all targets, without a sysroot. The output depends on nothing but the sources and the flags, so
 * that anybody can rebuild every byte.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ROOT } from "../runtimes.ts";
import { TARGETS } from "../targets.ts";

/** As a library for any FFI, and as an addon of Node. */
export const SOURCES = { library: "shim/vdso.c", addon: "shim/node.c" } as const;

const FLAGS = [
  "-Os", // -Oz would move small constants through memory, on the way of now()
  "-std=c17",
  "-Wall",
  "-Wextra",
  "-Werror",
  "-fPIC",
  "-fno-plt",
  "-ffreestanding",
  "-fvisibility=hidden",
  "-fno-asynchronous-unwind-tables",
  "-fno-stack-protector",
  "-fno-ident",
  "-nostdlib",
  "-shared",
  "-fuse-ld=lld",
  "-Wl,-s",
  "-Wl,--build-id=none",
  "-Wl,--no-rosegment",
  "-Wl,-z,noseparate-code",
  "-Wl,-z,norelro", // nothing to protect: the table of entries must stay writable
  "-Wl,-z,now",
  "-Wl,-z,defs",
  "-Wl,-z,nodelete", // once loaded, loaded for good: shim/load.ts and V8's compiler rely on it
  "-Wl,-Bsymbolic",
  "-Wl,--hash-style=gnu", // glibc and musl read it
];

/** A shim for one CPU. */
export interface Built {
  readonly buildId: string;
  readonly soname: string;
  readonly bytes: Uint8Array;
}

/**
 * Compiles it for the CPU of that name.
 *
 * @param defines macros, for what tests want to be different
 */
export function compileShim(
  arch: string,
  kind: keyof typeof SOURCES = "library",
  defines: readonly string[] = [],
): Built {
  const target = TARGETS[arch];
  if (!target) throw new Error(`Expected one of ${Object.keys(TARGETS)}, got ${arch}`);
  const source = SOURCES[kind];
  const header = `arch/${arch}.h`;
  const options = [...target, ...FLAGS, ...defines.map((macro) => `-D${macro}`)];
  const hash = createHash("sha256").update(JSON.stringify([options, soname(kind, "")]));
  for (const file of [...withIncluded(source), ...withIncluded(`shim/${header}`)]) {
    hash.update(read(file));
  }
  // 48 bits: exact in a double, and in a name.
  const buildId = hash.digest("hex").slice(0, 12);

  const directory = mkdtempSync(join(tmpdir(), "build-shim-"));
  try {
    const output = join(directory, "shim.so");
    execFileSync("clang-19", [
      ...options,
      `-DARCH_HEADER="${header}"`,
      `-DBUILD_ID=0x${buildId}ULL`,
      `-Wl,-soname,${soname(kind, buildId)}`,
      "-o",
      output,
      source,
    ], { cwd: ROOT, stdio: ["ignore", "inherit", "inherit"] });
    const bytes = withoutSections(readFileSync(output));
    return { buildId, soname: soname(kind, buildId), bytes };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

/** A file, and what it includes. */
function withIncluded(file: string): string[] {
  const included = Array.from(
    read(file).matchAll(/^#include "(.+)"$/gm),
    ([, name = ""]) => name,
  );
  return [file, ...included.flatMap((name) => withIncluded(join(dirname(file), name)))];
}

/**
 * With a slash: dlopen(3) then looks among the loaded libraries and at this one path, where nobody
 * can put a file, but never along LD_LIBRARY_PATH or the system's directories.
 */
function soname(kind: keyof typeof SOURCES, buildId: string): string {
  return `/proc/self/libxvdso-${kind === "addon" ? "node-" : ""}${buildId}.so`;
}

/** Drops the section headers, a fifth of the file: dlopen(3) reads the program headers alone. */
function withoutSections(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const little = view.getUint8(5) === 1; // e_ident[EI_DATA]
  const phoff = Number(view.getBigUint64(0x20, little));
  const phnum = view.getUint16(0x38, little);
  let end = 0;
  for (let at = phoff; at < phoff + phnum * 56; at += 56) {
    const offset = Number(view.getBigUint64(at + 8, little));
    const size = Number(view.getBigUint64(at + 32, little));
    end = Math.max(end, offset + size);
  }
  view.setBigUint64(0x28, 0n, little); // e_shoff
  view.setUint16(0x3c, 0, little); // e_shnum
  view.setUint16(0x3e, 0, little); // e_shstrndx
  return file.subarray(0, end);
}
