import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { orphans } from "../../../scripts/check/tests.ts";

test("orphans() finds tests that have no source, where they have to", () => {
  const sources = ["cli", "cli.ts", "core/clock.ts", "scripts/setup.mjs", "shim/vdso.c"];
  const right = ["core/clock", "core/clock/units", "scripts/setup", "shim/vdso", "whole/docs"];
  const wrong = ["core/clocks", "core/clocks/units", "core/clock/units/ns", "cli/units", "docs"];
  const files = [...right, ...wrong].map((name) => `tests/${name}.test.ts`);
  assertEquals(
    orphans(files, (file) => sources.includes(file)),
    wrong.map((name) => `tests/${name}.test.ts`),
  );
});
