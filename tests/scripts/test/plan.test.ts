import { assert, assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { RUNTIMES } from "../../../scripts/runtimes.ts";
import {
  longestFirst,
  planDisguises,
  planUnits,
  runtimesOf,
  shareProcesses,
  testFiles,
  type Unit,
  unitKey,
} from "../../../scripts/test/plan.ts";
import { DISGUISES } from "../../fixtures/disguises.ts";

const EVERY = RUNTIMES.map(({ name }) => name);

test("testFiles() has the tests of every room but those with a command of their own", () => {
  const files = testFiles();
  assertEquals(
    testFiles("tests/elf/unwind/"),
    files.filter((f) => f.startsWith("tests/elf/unwind/")),
  );
  assert(files.includes("tests/scripts/test/plan.test.ts"));
  assert(files.some((file) => /^tests\/\w+\.test\.ts$/.test(file)));
  assertEquals(files.filter((file) => /^tests\/(package|hostile)\//.test(file)), []);
});

test("runtimesOf() takes every runtime in the full tier, and fewer where these tell nothing more", () => {
  assertEquals(runtimesOf("tests/x.test.ts", "", "full"), EVERY);
  assertEquals(runtimesOf("tests/x.test.ts", "", "quick"), ["deno", "bun", "node22", "node26"]);
  for (const tier of ["quick", "full"] as const) {
    assertEquals(runtimesOf("tests/scripts/x.test.ts", "", tier), ["node26"]);
  }
  assertEquals(runtimesOf("tests/elf/x.test.ts", "", "quick"), ["node26"]);
  assertEquals(runtimesOf("tests/doctor/rules/x.test.ts", "", "quick"), ["node26"]);
  assertEquals(runtimesOf("tests/doctor/x.test.ts", "", "quick"), ["deno", "bun", "node26"]);
  assertEquals(runtimesOf("tests/elf/x.test.ts", "", "full"), ["bun", "node26"]);
  const pure = "// npm test: node26 (pure computation)\n";
  assertEquals(runtimesOf("tests/x.test.ts", pure, "full"), ["bun", "node26"]);
});

test("runtimesOf() heeds what a file says of the quick tier, or of both", () => {
  const text = "/** A test. */\n// npm test: bun, node26 (one of each engine)\nimport ...\n";
  assertEquals(runtimesOf("tests/x.test.ts", text, "quick"), ["bun", "node26"]);
  assertEquals(runtimesOf("tests/x.test.ts", text, "full"), EVERY);
  const both = text.replace("npm test", "both tiers");
  for (const tier of ["quick", "full"] as const) {
    assertEquals(runtimesOf("tests/x.test.ts", both, tier), ["bun", "node26"]);
  }
  const wrong = text.replace("bun", "bnu");
  assertThrows(() => runtimesOf("tests/x.test.ts", wrong, "quick"), Error, "got bnu");
});

test("planUnits() takes the runtimes that somebody asks for", () => {
  const file = "tests/scripts/test/plan.test.ts";
  assertEquals(planUnits([file], undefined, "quick").map(unitKey), [`node26 ${file}`]);
  assertEquals(planUnits([file], ["deno", "bun"], "quick").map(unitKey), [
    `deno ${file}`,
    `bun ${file}`,
  ]);
  assertThrows(() => planUnits([file], ["sundial"], "quick"), RangeError, "got sundial");
});

test("shareProcesses() puts together the files of orderly rooms, in Node, and nothing else", () => {
  const rules = testFiles("tests/doctor/rules/");
  const others = ["core/clock", "core/cpu", "server/hono", "server/streams", "bench/sampler"]
    .map((name) => `tests/${name}.test.ts`); // sampler has statistical tests
  const groups = shareProcesses(planUnits([...rules, ...others], undefined, "full"));
  const shared = groups.filter((group) => group.length > 1).map((group) => group.map(unitKey));
  assertEquals(shared.flat().slice(0, rules.length), rules.map((file) => `node26 ${file}`));
  const strangers = /^(?!node26 )| tests\/(core\/|bench\/sampler)/;
  assertEquals(shared.flat().filter((key) => strangers.test(key)), []);
  const [disguise, other] = DISGUISES;
  assert(disguise && other);
  const units = planUnits(rules, ["node26"], "quick");
  const looks = [disguise, other].flatMap((disguise) =>
    units.map((unit) => ({ ...unit, disguise }))
  );
  const groupsOfLooks = shareProcesses(looks);
  assertEquals(groupsOfLooks.flat(), looks);
  for (const group of groupsOfLooks) {
    assertEquals(new Set(group.map(({ disguise }) => disguise)).size, 1);
  }
});

test("shareProcesses() has few files in one process, and such as take not long", () => {
  const rules = testFiles("tests/doctor/rules/");
  const many = planUnits(Array.from({ length: 9 }, () => rules).flat(), ["node26"], "quick");
  const groups = shareProcesses(many, Object.fromEntries(many.map((one) => [unitKey(one), 0.01])));
  assertEquals(groups.flat(), many);
  assertEquals(Math.max(...groups.map((group) => group.length)), 16);
  const slow = Object.fromEntries(many.map((unit) => [unitKey(unit), 3]));
  assertEquals(Math.max(...shareProcesses(many, slow).map((group) => group.length)), 2);
});

test("longestFirst() goes by the last run, by other runtimes, and by size", () => {
  const [deno, bun] = RUNTIMES;
  assert(deno && bun);
  const unit = (runtime: Unit["runtime"], file: string) => ({ runtime, file });
  const short = unit(deno, "tests/scripts/test/junit.test.ts");
  const long = unit(bun, "tests/scripts/test/plan.test.ts");
  const alike = unit(deno, "tests/scripts/test/plan.test.ts");
  const unknown = unit(deno, "tests/support.ts");
  const order = longestFirst([short, unknown, alike, long], {
    [unitKey(short)]: 0.1,
    [unitKey(long)]: 20,
  });
  assertEquals(order, [alike, long, unknown, short]);
});

test("the full tier runs each file wherever the quick tier does, or there in disguise", () => {
  const files = testFiles();
  const ofFull = [...planUnits(files, undefined, "full"), ...planDisguises(files)];
  const full = new Set(ofFull.map(({ runtime, file }) => `${runtime.name} ${file}`));
  const quick = planUnits(files, undefined, "quick");
  const missing = quick.map(({ runtime, file }) => `${runtime.name} ${file}`)
    .filter((unit) => !full.has(unit));
  assertEquals(missing, []);
});

test("planDisguises() has every disguise, for what tells the time", () => {
  const disguised = planDisguises(testFiles());
  for (const { name } of DISGUISES) {
    const own = disguised.filter(({ disguise }) => disguise?.name === name);
    const of = (file: string) => own.filter((unit) => unit.file === `tests/${file}.test.ts`);
    assert(of("core/ticks").some(({ runtime }) => runtime.name === "deno"), name);
    for (
      const file of [
        "core/clock",
        "core/wall",
        "cli/bench/command",
        "doctor/verify",
        "whole/docs",
        "whole/examples",
      ]
    ) {
      assertEquals(of(file).length, 1, `${file} looks like ${name}`);
    }
    const pure = /^tests\/(elf|scripts|doctor\/rules)\/|core\/calibration/;
    assertEquals(own.filter(({ file }) => pure.test(file)), []);
    for (
      const file of ["core/random", "cli/bunx", "cli/bench/child", "cli/bench/command/compare"]
    ) {
      assertEquals(of(file), []);
    }
  }
  assertEquals(new Set(disguised.map(unitKey)).size, disguised.length);
  // Each in every kind of runtime.
  const clocks = disguised.filter(({ file }) => file === "tests/core/clock.test.ts");
  const runtimes = new Set(clocks.map(({ runtime }) => runtime.name));
  assertEquals([...runtimes].sort(), ["bun", "deno", "node26"]);
});
