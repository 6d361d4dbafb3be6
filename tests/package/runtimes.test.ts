import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import type { RunResult } from "../../bench/mod.ts";
import { RUNTIMES } from "../../scripts/runtimes.ts";
import { assertReport, output, project, runtimeBin } from "./support.ts";

/** Deno's permissions: the library takes FFI alone, require() in Deno takes files too. */
const FLAGS: Readonly<Record<string, readonly string[]>> = {
  "deno main.mjs": ["run", "--no-prompt", "--allow-ffi"],
  "deno main.cjs": ["run", "--no-prompt", "--allow-ffi", "--allow-read"],
};

function expectedFfi(runtime: string) {
  return runtime === "deno" || runtime === "bun" ? runtime : "addon";
}

for (const { name, bin } of RUNTIMES) {
  for (const [file, how] of [["main.mjs", "imported"], ["main.cjs", "required"]] as const) {
    test(`the package works ${how} in ${name}, alone`, () => {
      const command = [bin, ...FLAGS[`${name} ${file}`] ?? [], file];
      assertReport(project("plain"), command, expectedFfi(name));
    });
  }
}

/** For programs that may read, and nothing else. */
const PERMISSION = ["--permission", "--allow-fs-read=*", "--disable-warning=SecurityWarning"];

for (const node of ["node22", "node24", "node26"] as const) {
  const bin = runtimeBin(node);

  test(`the package needs a permission for addons alone, in ${node}`, () => {
    assertReport(project("plain"), [bin, ...PERMISSION, "--allow-addons", "main.mjs"], "addon");
    assertReport(project("plain"), [bin, ...PERMISSION, "main.mjs"], "none");
  });

  test(`the package goes by koffi where a program asks for it, in ${node}`, () => {
    assertReport(project("koffi"), [bin, "koffi.mjs"], "koffi");
    assertReport(project("oldestKoffi"), [bin, "koffi.mjs"], "koffi");
  });
}

test("the package takes the next best where Node may load no addon", () => {
  const flags = ["--no-addons"];
  assertReport(project("plain"), [runtimeBin("node26"), ...flags, "main.mjs"], "node");
  assertReport(project("plain"), [runtimeBin("node24"), ...flags, "main.mjs"], "none");
});

test("the package works by an npm: specifier in Deno", () => {
  const command = [runtimeBin("deno"), "run", "--no-prompt", "--allow-ffi", "npm_specifier.mjs"];
  assertReport(project("plain"), command, "deno");
});

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
    // Against itself. A busy machine makes the interval too wide to say that nothing has changed.
    assert(["no change", "cannot tell"].includes(rest.verdict) && rest.same, text);
    assert(["ticks", "now"].includes(results[0]?.clock.name ?? ""), text);
  });
}
