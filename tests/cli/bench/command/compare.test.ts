/** `vdso bench --save` and `--compare`, and what cannot be measured. */
// both tiers: node26 (what differs by the runtime of the command is in whole/bench_processes.test.ts)
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { printText } from "../../../../cli/bench/table.ts";
import { benchInProcess, fixture, output, report, TIMEOUT } from "../../../bench_command.ts";
import { inDirectory } from "../../../cli/directory.ts";
import { statisticalTest } from "../../../support.ts";

test(
  "vdso bench has a cell for what cannot be measured, which is no failure",
  TIMEOUT,
  async () => {
    const words = [fixture("skips"), "--runtimes", "bun,deno,node26"];
    const { benchmarks, failures, ok } = report(await output([...words, "--json"]));
    assertEquals([failures, ok], [[], true]);
    const all = (reason: string, ...runtimes: string[]) =>
      runtimes.map((runtime) => ({ runtime, reason, runs: 1 }));
    assertEquals(
      benchmarks.map(({ group, name, params, results, skipped }) => [
        [...group, name].join(" "),
        params,
        results.map(({ runtime }) => runtime),
        skipped,
      ]),
      [
        ["odd nowhere", {}, [], all("It is nowhere: µ | x", "bun", "deno", "node26")],
        ["somewhere", { n: 1 }, ["deno", "node26"], all("Bun has none", "bun")],
        ["somewhere", { n: "10n" }, ["deno", "node26"], all("Bun has none", "bun")],
      ],
    );
  },
);

test("vdso bench saves and compares where nothing can be measured", TIMEOUT, async () => {
  await inDirectory(async (directory) => {
    const words = [fixture("skips"), "--runtimes", "bun", "--processes", "5", "--plot"];
    const base = join(directory, "base.json");
    const text = await output([...words, "--save", base]);
    assertMatch(text, /^ {2}nowhere +n\/a\nsomewhere, n 1 +n\/a\nsomewhere, n 10n +n\/a\n/m);
    assert(text.endsWith("\nn/a: somewhere (bun): Bun has none"), text);
    const compared = await output([...words, "--compare", base]);
    assertStringIncludes(compared, "Nothing of it can be measured");
  });
});

/** In Deno the environment takes a permission. */
const WORK = [fixture("work"), "--runtimes", "bun", "--deno-args", "--allow-env=TEST_KILOBYTES"];

statisticalTest(
  "vdso bench --compare finds a regression, and none where nothing changed",
  TIMEOUT,
  async () => {
    await inDirectory(async (directory) => {
      const base = join(directory, "base.json");
      process.env["TEST_KILOBYTES"] = "64";
      await output([...WORK, "--processes", "5", "--save", base]);
      assertEquals(report(readFileSync(base, "utf8")).benchmarks[0]?.results[0]?.runs.length, 5);

      // 64 times the work, where three times as much would do; and as much as before.
      const compare = ["--processes", "5", "--compare", base, "--max-regress", "200%"];
      process.env["TEST_KILOBYTES"] = "4096";
      const { text, ok, said } = await benchInProcess([...WORK, ...compare, "--json"]);
      assertEquals(ok, false);
      assertMatch(
        said,
        /^vdso: work in bun takes \d+(\.\d)? % longer than in .*: more than 200 %\n$/,
      );
      const compared = report(text);
      assertEquals([compared.base?.maxRegress, compared.base?.problems.length], [2, 1]);
      const changes = compared.benchmarks.map(({ name, results: [only] }) => [
        name,
        only?.change?.basis,
      ]);
      assertEquals(changes, [["work", "runs"], ["as before", "runs"]]);
      const table = new RegExp(`^against ${base} +bun\nwork +[\\d.]+ slower$`, "m");
      assertMatch(printText(compared), table);
    });
  },
);

test(
  "vdso bench --compare refuses what cannot be compared, before it measures",
  TIMEOUT,
  async () => {
    await inDirectory(async (directory) => {
      const file = join(directory, "base.json");
      const sides = [fixture("sides"), "--runtimes", "bun"];
      await output([...sides, "--filter", "^plain", "--processes", "1", "--save", file]);
      const saved = report(readFileSync(file, "utf8"));
      const five = { ...saved, settings: { ...saved.settings, processes: 5 } };
      const bases: [base: unknown, message: RegExp][] = [
        [saved, /^Too few process runs to tell a difference: 1 in the base, 10 now\. Five /],
        [
          { ...five, platform: { ...five.platform, cpu: "Sundial 9000" } },
          /^The base is of another machine, .*: cpu Sundial 9000 there, .* here$/m,
        ],
        [
          { ...five, runtimes: [{ ...five.runtimes[0], name: "node1" }] },
          /^The base has no results of bun, but of node1$/m,
        ],
        [
          { ...five, benchmarks: five.benchmarks.map((row) => ({ ...row, file: "sides.ts" })) },
          /^The base has no results of tests\/fixtures\/bench_sides\.ts, but of sides\.ts\. /,
        ],
        [{ version: 2 }, /is not what vdso bench --save writes, in version 1$/m],
        ["text", /is not what vdso bench --save writes, in version 1$/m],
      ];
      for (const [base, message] of bases) {
        writeFileSync(file, JSON.stringify(base));
        const words = [...sides, "--compare", file];
        assertMatch((await assertRejects(() => benchInProcess(words), Error)).message, message);
      }
    });
  },
);
