import { assertEquals, assertMatch } from "@std/assert";
import { execSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import type { RuntimeName } from "../../scripts/runtimes.ts";
import { environment } from "./projects.ts";
import { directory, installed, output, project, runtimeBin, tarball } from "./support.ts";

const timeout = 60_000;

/** So that `#!/usr/bin/env node` finds a Node for which the package is. */
const PATH = [dirname(runtimeBin("node26")), process.env["PATH"]].join(delimiter);

const WAYS = {
  "npx vdso": ["npx", "--no", "--", "vdso"],
  "bunx vdso": [runtimeBin("bun"), "x", "--no-install", "vdso"],
  "bunx --bun vdso": [runtimeBin("bun"), "x", "--bun", "--no-install", "vdso"],
  "deno run npm:@x/vdso": [runtimeBin("deno"), "run", "--allow-all", "npm:@x/vdso"],
  "node cli.js": [runtimeBin("node22"), "node_modules/@x/vdso/cli.js"],
};

for (const [name, command] of Object.entries(WAYS)) {
  test(`${name} prints the summary`, { timeout }, () => {
    const summary = output(project("koffi"), command, { PATH });
    assertMatch(summary, /^clock_gettime +vdso$/m);
    assertMatch(summary, /^now\(\) +\d+\.\d +1\.00$/m);
  });
}

test("bunx runs vdso in Bun, npx in Node", { timeout }, () => {
  const runtime = (way: keyof typeof WAYS) =>
    /^runtime +(\w+)/m.exec(output(project("koffi"), WAYS[way], { PATH }))?.[1];
  assertEquals([runtime("bunx vdso"), runtime("npx vdso")], ["bun", "node"]);
});

const TOOLS: readonly RuntimeName[] = ["deno", "bun", "node22", "node24", "node26"];

for (const [name, command] of Object.entries(WAYS)) {
  test(`${name} bench runs a project's benchmarks in every runtime`, { timeout: 120_000 }, () => {
    const words = ["bench", "bench.ts", "--runtimes", TOOLS.map(runtimeBin).join(","), "--json"];
    const report = JSON.parse(output(project("koffi"), [...command, ...words], { PATH })) as {
      benchmarks: { name: string; results: { runs: { clock: { source: string } }[] }[] }[];
      failures: unknown[];
    };
    assertEquals(report.failures, []);
    assertEquals(report.benchmarks.map(({ name }) => name), ["parse", "stringify"]);
    for (const { results } of report.benchmarks) {
      const sources = results.flatMap(({ runs }) => runs.map(({ clock: { source } }) => source));
      // Neither the runtime's own clock, nor the system call: the FFI was there.
      assertEquals(sources.map((source) => /^(rdtsc|cntvct_el0|vdso)$/.test(source)), [
        true,
        true,
        true,
        true,
        true,
      ]);
    }
  });
}

test("vdso --version prints the package's version", { timeout }, () => {
  const { version } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
    version: string;
  };
  assertEquals(
    output(project("plain"), [...WAYS["npx vdso"], "--version"], { PATH }),
    `${version}\n`,
  );
});

test("three commands lead from an empty directory to a printed now()", { timeout }, () => {
  const cwd = join(directory, "empty");
  mkdirSync(cwd);
  const commands = [
    `npm install ${tarball}`,
    `echo 'import { now } from "@x/vdso"; console.log(now())' > main.mjs`,
    "node main.mjs",
  ];
  const before = process.hrtime.bigint();
  const printed = commands.map((command) =>
    execSync(command, { cwd, encoding: "utf8", env: { ...environment(directory), PATH } })
  );
  const now = BigInt(printed[2]?.trim() ?? "");
  assertEquals([before < now, now < process.hrtime.bigint()], [true, true]);
});
