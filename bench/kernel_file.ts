/**
 * The kernel's files, where they may be read without asking anybody.
 *
 * @module
 */
import { readFileSync } from "node:fs";

interface DenoNamespace {
  permissions: { querySync(descriptor: { name: string }): { state: string } };
}

/** What Deno wants granted, all of it, before it opens anything below /proc or /sys. */
const PERMISSIONS = ["read", "write", "net", "env", "sys", "run", "ffi"];

/** A file's text, or undefined where it is not there or may not be read. Never prompts. */
export function readKernelFile(path: string): string | undefined {
  const { Deno: deno } = globalThis as unknown as { Deno?: DenoNamespace };
  const denied = deno &&
    PERMISSIONS.some((name) => deno.permissions.querySync({ name }).state !== "granted");
  if (denied) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
