/** A file system that a test makes up. */
import type { KernelFiles } from "../../../doctor/facts/files.ts";

/** Files by path; null is one that may not be read. */
export function fakeFiles(files: Readonly<Record<string, string | null>>): KernelFiles {
  return {
    read(path) {
      const text = files[path];
      if (typeof text === "string") return { text };
      return text === null
        ? { reason: `${path}: permission denied`, absent: false }
        : { reason: `${path}: no such file`, absent: true };
    },
  };
}
