/**
 * `vdso shim`: the shim as a file.
 *
 * @module
 */
import { shimFile } from "../doctor/mod.ts";
import { isStandardOutput, writeWhole } from "./write_file.ts";

/** To be read by all, and changed by its owner alone. */
const MODE = { mode: 0o644, never: 0o022 };

/** Writes it. Programs that have mapped an old one would crash if that got shorter under them. */
export function shimCommand({ file }: { file: string }): string {
  const { arch, sha256, bytes } = shimFile();
  writeWhole(file, bytes, { ...MODE, mapped: true });
  if (isStandardOutput(file)) return ""; // words would be part of the shim
  return `Wrote the shim for ${arch}, ${bytes.length} bytes, to ${file}\nsha256 ${sha256}`;
}
