/**
 * Standard output, whether it can be written or not.
 *
 * @module
 */
import process from "node:process";

let listening = false;

/** Writes to it. What goes wrong is said on standard error, and in the exit status. */
export function print(data: string | Uint8Array): void {
  if (!listening) process.stdout.on("error", unprinted);
  listening = true;
  try {
    process.stdout.write(data);
  } catch (error) { // Deno throws what the others tell later
    unprinted(error as Error);
  }
}

/** Whoever pipes into head(1) has seen enough: that is no error. A full disk is one. */
function unprinted({ code, message }: Error & { code?: string }): void {
  if (code === "EPIPE") return;
  console.error(`vdso: ${message}`);
  process.exitCode = 1;
}
