/** Native C, compiled with gcc: native.c. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const SOURCE = join(import.meta.dirname, "native.c");

/** The compiler's first line about itself, or undefined where there is none. */
export function gccVersion(): string | undefined {
  const { stdout } = spawnSync("gcc", ["--version"], { encoding: "utf8" });
  return stdout?.split("\n")[0];
}

/** Compiles native.c, hands the program's path to `use`, and removes it when that is done. */
export async function withNative<T>(use: (program: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), "vdso-bench-"));
  try {
    const program = join(directory, "native");
    const args = ["-O2", "-Wall", "-Wextra", "-Werror", SOURCE, "-o", program];
    const { status, stderr } = spawnSync("gcc", args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`Compiling ${SOURCE} failed: ${stderr}`);
    return await use(program);
  } finally {
    rmSync(directory, { recursive: true });
  }
}
