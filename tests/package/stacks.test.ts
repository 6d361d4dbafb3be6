/** What people see of a stack: their own frames, and names that can be read. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { RUNTIMES } from "../../scripts/runtimes.ts";
import { environment } from "./projects.ts";
import { directory, installed, project, runtimeBin } from "./support.ts";

const TIMEOUT = { timeout: 120_000 };
const cwd = project("koffi");

test("what a benchmark throws is shown as far as the user's code goes", TIMEOUT, () => {
  writeFileSync(
    join(cwd, "throws.mjs"),
    `import { bench } from "@x/vdso/bench";
    bench("at once", () => { throw new Error("on purpose"); });
    bench("later", (state) => { if (++state.calls > 99) throw new Error("on purpose"); }, {
      setup: () => ({ calls: 0 }),
    });`,
  );
  for (const { name, bin } of RUNTIMES) {
    const words = [
      "node_modules/@x/vdso/cli.js",
      "bench",
      "throws.mjs",
      "--runtimes",
      bin,
      "--json",
    ];
    const { stdout } = spawnSync(runtimeBin("node26"), words, {
      cwd,
      encoding: "utf8",
      env: environment(directory),
    });
    const { failures } = JSON.parse(stdout) as { failures: { reason: string }[] };
    assertEquals(failures.length, 2);
    for (const { reason } of failures) {
      assertMatch(reason, /^"(at once|later)" threw Error: on purpose\n +at .*throws\.mjs:/);
      assert(!reason.includes("@x/vdso"), `${name}: ${reason}`);
    }
  }
});

test("an error at the top of a file has our functions' names, and short lines", TIMEOUT, () => {
  writeFileSync(join(cwd, "wrong.mjs"), 'import { bench } from "@x/vdso/bench";\nbench("x");');
  const { stderr } = spawnSync(runtimeBin("node26"), ["wrong.mjs"], { cwd, encoding: "utf8" });
  assertMatch(stderr, /^TypeError: Expected `fn` to be a function/m);
  assertMatch(
    stderr,
    /^ +at checkFunction \(.*@x\/vdso\/(?:bench\/mod|chunks\/\w+)\.js:\d+:\d+\)$/m,
  );
  for (const line of stderr.split("\n")) assert(line.length < 1000, `${line.length} characters`);
});

test("the command keeps the names of its own functions", () => {
  const chunk = readFileSync(join(installed, "chunks/cli_main.js"), "utf8");
  for (const name of ["benchCommand", "parseWords", "printText"]) {
    assertMatch(chunk, new RegExp(`function ${name}\\(`));
  }
});
