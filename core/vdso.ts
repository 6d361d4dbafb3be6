/**
 * Finds the kernel's image in this process and chooses a path for each entry.
 *
 * @module
 */
import { ENTRIES, type EntryName, type Machine } from "../elf/entries.ts";
import { findFunction } from "../elf/find.ts";
import { imageSize } from "../elf/header.ts";
import { parseElf } from "../elf/image.ts";
import type { ElfImage } from "../elf/types.ts";
import { errorMessage } from "../ffi/error_message.ts";
import type { Shim } from "../shim/load.ts";

/** Where an entry's answers come from. */
export type EntrySource = "vdso" | "syscall" | "runtime";

/** What became of the kernel's image. */
export interface Vdso {
  readonly bytes?: Uint8Array;
  readonly image?: ElfImage;
  readonly entries: Record<EntryName, EntrySource>;
  readonly reason?: string;
  readonly cause?: unknown;
}

/** What the name of every vDSO begins with; where it was unmapped, another library may have come to lie. */
const SONAME = "linux-vdso";

/**
 * Binds what `now()` takes, if it is found at a glance. Entries start out as system calls, so that
 * whatever goes wrong leaves a working clock.
 */
export function bindClock(shim: Shim, { machine, symbols }: Machine): boolean {
  const bytes = new Uint8Array(GLANCE_SIZE);
  const got = shim.core.vdso_copy_image(bytes, bytes.length);
  const symbol = symbols.clock_gettime;
  if (got <= 0 || symbol === undefined) return false;
  const wanted = { machine, soname: SONAME, symbol };
  const offset = findFunction(bytes.subarray(0, got), wanted);
  return offset !== undefined && shim.core.vdso_bind(CLOCK_GETTIME, offset) === 0;
}

const CLOCK_GETTIME = ENTRIES.indexOf("clock_gettime");

/**
 * Parses the image and binds every entry.
 *
 * @param hasClock whether clock_gettime is bound already
 */
export function bindEntries(shim: Shim, machine: Machine, hasClock: boolean): Vdso {
  const entries = everyEntry("syscall");
  if (hasClock) entries.clock_gettime = "vdso";
  let bytes: Uint8Array | undefined;
  try {
    bytes = copyImage(shim);
    if (!bytes) return { entries, reason: "The kernel maps no vDSO into this process" };
    const image = parseElf(bytes);
    if (image.class !== 64 || image.machine !== machine.machine) {
      const found = `a ${image.class}-bit image for machine ${image.machine}`;
      return { bytes, entries, reason: `The vDSO is ${found}, not for this CPU` };
    }
    if (!image.soname?.startsWith(SONAME)) {
      const found = image.soname ?? "an image without a name";
      return { bytes, entries, reason: `AT_SYSINFO_EHDR points at ${found}, which is no vDSO` };
    }
    const missing: string[] = [];
    ENTRIES.forEach((entry, index) => {
      if (entries[entry] === "vdso") return;
      const name = machine.symbols[entry];
      const symbol = name === undefined ? undefined : image.lookup(name, machine.version);
      if (symbol && shim.core.vdso_bind(index, symbol.offset) === 0) entries[entry] = "vdso";
      else missing.push(entry);
    });
    if (missing.length === 0) return { bytes, image, entries };
    return { bytes, image, entries, reason: `This vDSO has no ${missing.join(", ")}` };
  } catch (cause) {
    const reason = `The vDSO cannot be read: ${errorMessage(cause)}`;
    return { ...(bytes && { bytes }), entries, reason, cause };
  }
}

const PAGE_SIZE = 4096; // the least there is: enough for the ELF header
/** Enough for the tables: they come first. */
const GLANCE_SIZE = 4 * PAGE_SIZE;
const MAX_SIZE = 1 << 20; // the largest known vDSO has 28 KB

function copyImage(shim: Shim): Uint8Array | undefined {
  const head = new Uint8Array(PAGE_SIZE);
  const got = shim.core.vdso_copy_image(head, head.length);
  if (got === 0) return undefined;
  if (got < 0) throw new Error(`nothing can be read at AT_SYSINFO_EHDR (errno ${-got})`);
  const bytes = new Uint8Array(Math.min(imageSize(head.subarray(0, got)), MAX_SIZE));
  return bytes.subarray(0, Math.max(0, shim.core.vdso_copy_image(bytes, bytes.length)));
}

/** The same for each entry. */
export function everyEntry(source: EntrySource): Record<EntryName, EntrySource> {
  return Object.fromEntries(ENTRIES.map((entry) => [entry, source])) as Record<
    EntryName,
    EntrySource
  >;
}
