/**
 * `vdso shim`: the trampoline as a file.
 *
 * @module
 */
import { writeFileSync } from "node:fs";
import { trampoline } from "../mod.ts";

/** Writes it, to be read and run by its owner alone to change. */
export function shimCommand({ out }: { out: string }): string {
  const { arch, sha256, bytes } = trampoline();
  writeFileSync(out, bytes, { mode: 0o644 });
  return `Wrote the trampoline for ${arch}, ${bytes.length} bytes, to ${out}\nsha256 ${sha256}`;
}
