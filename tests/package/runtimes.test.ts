import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import type { RunResult } from "../../bench/mod.ts";
import { RUNTIMES } from "../../scripts/runtimes.ts";
import type { PROJECTS } from "./projects.ts";
import { assertReport, output, project, runtimeBin } from "./support.ts";

/** Deno's permissions: the library takes FFI alone, require() in Deno takes files too. */
const FLAGS: Readonly<Record<string, readonly string[]>> = {
  "deno main.mjs": ["run", "--no-prompt", "--allow-ffi"],
  "deno main.cjs": ["run", "--no-prompt", "--allow-ffi", "--allow-read"],
};

function expectedFfi(runtime: string, where: keyof typeof PROJECTS) {
  if (runtime === "deno" || runtime === "bun") return runtime;
  if (runtime === "node26") return "node";
  return where === "plain" ? "none" : "koffi";
}

for (const { name, bin } of RUNTIMES) {
  for (const where of ["plain", "koffi"] as const) {
    for (const [file, how] of [["main.mjs", "imported"], ["main.cjs", "required"]] as const) {
      const beside = where === "plain" ? "without koffi" : "beside koffi";
      test(`the package works ${how} in ${name}, ${beside}`, () => {
        const command = [bin, ...FLAGS[`${name} ${file}`] ?? [], file];
        assertReport(project(where), command, expectedFfi(name, where));
      });
    }
  }
}

test("the package works by an npm: specifier in Deno", () => {
  const command = [runtimeBin("deno"), "run", "--no-prompt", "--allow-ffi", "npm_specifier.mjs"];
  assertReport(project("plain"), command, "deno");
});

for (const node of ["node22", "node24"] as const) {
  test(`the package works with the oldest koffi that it allows, in ${node}`, () => {
    assertReport(project("oldestKoffi"), [runtimeBin(node), "main.mjs"], "koffi");
  });
}

for (const { name, bin } of RUNTIMES) {
  test(`the package measures in ${name}`, { timeout: 60_000 }, () => {
    const flags = FLAGS[`${name} main.mjs`] ?? [];
    const text = output(project("koffi"), [bin, ...flags, "bench.mjs"]);
    const { runtime, results, ...rest } = JSON.parse(text) as RunResult & {
      p50: number;
      verdict: string;
      same: boolean;
    };
    assertEquals(runtime.name, name.replace(/\d+$/, ""));
    assertEquals(results.map(({ group, name }) => [...group, name]), [["parse", "JSON"]]);
    assert((results[0]?.ns.min ?? 0) > 0 && rest.p50 > 0, text);
    assertEquals([rest.verdict, rest.same], ["no change", true]);
    assertEquals(results[0]?.clock.name, "ticks");
  });
}
