// npm test: deno, bun, node26 (one of each kind)
import { assertEquals, assertMatch } from "@std/assert";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { command, full, ROOT } from "../support.ts";

const TIMEOUT = { timeout: 60_000 };

test("vdso says so when its output cannot be written, and exits 1", TIMEOUT, () => {
  // The parser's text, and the command's own.
  for (const args of [["--help"], ...(full ? [["now"]] : [])]) {
    const words = command(join(ROOT, "cli.ts"), args).map((word) => `'${word}'`).join(" ");
    const { status, stderr } = spawnSync("bash", ["-c", `${words} > /dev/full`], {
      cwd: ROOT,
      encoding: "utf8",
    });
    assertEquals(status, 1, args.join(" "));
    assertMatch(stderr, /^vdso: .*[Nn]o space left on device.*\n$/);
  }
});

test("vdso is quiet when nobody reads on", TIMEOUT, () => {
  for (const args of [["sources"], ...(full ? [["--help"]] : [])]) {
    // true(1) reads nothing: the pipe is broken before the first write.
    const script = `${
      command(join(ROOT, "cli.ts"), args).map((word) => `'${word}'`).join(" ")
    } | true`;
    const { status, stderr } = spawnSync("bash", ["-o", "pipefail", "-c", script], {
      cwd: ROOT,
      encoding: "utf8",
    });
    assertEquals([stderr, status], ["", 0], args.join(" "));
  }
});
