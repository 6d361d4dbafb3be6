// npm test: deno, bun, node26 (one of each kind)
import { assertEquals, assertMatch } from "@std/assert";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { shimFile } from "../../doctor/mod.ts";
import { command, full, ROOT, run, runtime } from "../support.ts";
import { inDirectory } from "./directory.ts";

const TIMEOUT = { timeout: 60_000 };
const { bytes } = shimFile();

test(
  "vdso shim - and vdso dump - write bytes to standard output, and nothing else",
  TIMEOUT,
  () => {
    inDirectory((directory) => {
      for (const file of [...(full ? ["-"] : []), "/dev/stdout"]) { // dump takes - below
        const [program = "", ...args] = command(join(ROOT, "cli.ts"), ["shim", file]);
        const { status, stdout, stderr } = spawnSync(program, args, { cwd: directory });
        assertEquals([status, String(stderr)], [0, ""]);
        assertEquals(new Uint8Array(stdout), bytes);
      }
      const [program = "", ...args] = command(join(ROOT, "cli.ts"), ["dump", "-"]);
      const { stdout, stderr } = spawnSync(program, args, { cwd: directory });
      assertEquals([stdout.subarray(0, 4).toString("latin1"), String(stderr)], ["\x7fELF", ""]);
      assertEquals(readdirSync(directory), []);
    });
  },
);

const deno = runtime !== "deno" && "the other runtimes have no such permissions";

test("vdso shim needs no permission but to write its file, in Deno", {
  ...TIMEOUT,
  skip: deno,
}, () => {
  inDirectory((directory) => {
    const file = join(directory, "shim.so");
    const enough = [
      [`--allow-write=${file}`],
      [`--allow-write=${directory}`],
      [`--allow-write=${directory}`, `--allow-read=${directory}`],
    ];
    for (const flags of enough) {
      writeFileSync(file, "old");
      const options = { deno: ["--no-prompt", ...flags] };
      const { code, stdout, stderr } = run("cli.ts", ["shim", file], options);
      assertEquals([code, stderr], [0, ""]);
      assertMatch(stdout, /^Wrote the shim for /);
      assertEquals(new Uint8Array(readFileSync(file)), bytes);
      assertEquals(readdirSync(directory), ["shim.so"]);
    }
    writeFileSync(file, "old");
    const { code, stderr } = run("cli.ts", ["shim", file], { deno: ["--no-prompt"] });
    assertMatch(stderr, /^vdso: Cannot write .*shim\.so: Requires write access/);
    assertEquals([code, readFileSync(file, "utf8")], [1, "old"]);
  });
});
