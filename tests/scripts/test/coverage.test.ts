import { assert, assertEquals } from "@std/assert";
import { globSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { RUNTIMES } from "../../../scripts/runtimes.ts";
import { isMeasured, isSource } from "../../../scripts/test/coverage.ts";
import { ROOT } from "../../support.ts";

test("isSource() has every room of the library and its tools, and no data", () => {
  const rooms = [
    "core",
    "elf",
    "ffi",
    "shim",
    "doctor",
    "jitter",
    "bench",
    "otel",
    "server",
    "cli",
  ];
  const files = globSync("*/*.ts", { cwd: ROOT, exclude: ["node_modules"] });
  assertEquals(
    [...new Set(files.filter(isSource).map((file) => file.split("/")[0]))].sort(),
    [
      ...rooms,
    ].sort(),
  );
  assertEquals(readdirSync(ROOT).filter(isSource).sort(), ["cli.ts", "mod.ts"]);
  assert(!isSource("shim/images.ts") && !isSource("tests/bench/support.ts"));
});

test("isMeasured() is true in some runtime for the tests of each of them", () => {
  const measured = (file: string) =>
    RUNTIMES.filter((runtime) => isMeasured(file, runtime)).map(({ name }) => name);
  assertEquals(measured("tests/core/clock.test.ts"), RUNTIMES.map(({ name }) => name));
  assertEquals(measured("tests/bench/measure.test.ts"), ["bun"]);
  assert(measured("tests/bench/engine.test.ts").includes("node26")); // it only computes
  assertEquals(measured("tests/scripts/test/coverage.test.ts"), []);
});
