/**
 * `vdso shim`: the trampoline as a file.
 *
 * @module
 */
import { unlinkSync, writeFileSync } from "node:fs";
import { trampoline } from "../mod.ts";

/** Devices and descriptors are written to, as they are: Deno lets nobody ask what a path is. */
const SPECIAL = /^\/(dev(?!\/shm\/)|proc)\//;

/**
 * Writes it, to be read by all, and changed by its owner alone. As a new file: programs that have
 * mapped the old one would crash if that got shorter under them.
 */
export function shimCommand({ out }: { out: string }): string {
  const { arch, sha256, bytes } = trampoline();
  if (SPECIAL.test(out)) {
    writeFileSync(out, bytes); // no mode: Deno would give it to a device, too
  } else {
    remove(out);
    writeFileSync(out, bytes, { mode: 0o644 });
  }
  return `Wrote the trampoline for ${arch}, ${bytes.length} bytes, to ${out}\nsha256 ${sha256}`;
}

function remove(file: string): void {
  try {
    unlinkSync(file);
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOENT") throw error;
  }
}
