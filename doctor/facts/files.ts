/**
 * The kernel's files, and why one cannot be read.
 *
 * @module
 */
import { builtin, mayReadKernelFiles } from "../../core/internals.ts";
import type { Skipped } from "./types.ts";

/** What came of reading: the text, or why there is none. */
export type FileText =
  | { readonly text: string }
  | { readonly reason: string; readonly absent: boolean };

/** Where files are read: the kernel's, or a test's. */
export interface KernelFiles {
  read(path: string): FileText;
}

/** Of this machine. Nothing prompts. */
export function kernelFiles(): KernelFiles {
  if (!mayReadKernelFiles()) {
    const reason = "Deno gives /proc and /sys to --allow-all alone";
    return { read: () => ({ reason, absent: false }) };
  }
  const fs = builtin("node:fs") as
    | { readFileSync(path: string, encoding: "utf8"): string }
    | undefined;
  return {
    read(path) {
      if (!fs) return { reason: "This runtime reads no files", absent: false };
      try {
        return { text: fs.readFileSync(path, "utf8") };
      } catch (error) {
        const { code } = error as { code?: string };
        const absent = code === "ENOENT" || code === "ENOTDIR";
        return {
          reason: `${nameless(path)}: ${REASONS[code ?? ""] ?? code ?? String(error)}`,
          absent,
        };
      }
    },
  };
}

/** Groups have the names of containers, users and services. */
function nameless(path: string): string {
  return path.replace(/^(\/sys\/fs\/cgroup)\/.*\//, "$1/.../");
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  ENOENT: "no such file",
  EPERM: "not permitted",
};

/** Reads for checks, and keeps what was denied to which. */
export class Reader {
  readonly skipped: Skipped[] = [];
  readonly #files: KernelFiles;

  constructor(files: KernelFiles) {
    this.#files = files;
  }

  /** The text without spaces around it; undefined where there is no such file, or it is denied. */
  text(check: string, path: string): string | undefined {
    const found = this.#files.read(path);
    if ("text" in found) return found.text.trim();
    if (!found.absent) this.skip(check, found.reason);
    return undefined;
  }

  /** The same of a file that every kernel has: also its absence is told. */
  expected(check: string, path: string): string | undefined {
    const found = this.#files.read(path);
    if ("text" in found) return found.text.trim();
    this.skip(check, found.reason);
    return undefined;
  }

  /** Whether it is there, as far as can be told. */
  exists(path: string): boolean {
    const found = this.#files.read(path);
    return "text" in found || (!found.absent && /EISDIR/.test(found.reason));
  }

  /** Each check once. */
  skip(check: string, reason: string): void {
    if (!this.skipped.some((skipped) => skipped.check === check)) {
      this.skipped.push({ check, reason });
    }
  }
}
