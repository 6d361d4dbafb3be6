import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { orphans } from "../../../scripts/check/tests.ts";

test("orphans() finds tests that have no source, where they have to", () => {
  const sources = ["core/clock.ts", "scripts/setup.mjs", "shim/vdso.c"];
  const files = ["core/clock", "scripts/setup", "shim/vdso", "whole/docs", "core/clocks", "docs"]
    .map((name) => `tests/${name}.test.ts`);
  assertEquals(orphans(files, (file) => sources.includes(file)), [
    "tests/core/clocks.test.ts",
    "tests/docs.test.ts",
  ]);
});
