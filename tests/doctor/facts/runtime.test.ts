import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { askRuntime } from "../../../doctor/facts/runtime.ts";
import { runtime } from "../../support.ts";

test("askRuntime() ends, whatever has replaced the timers", async () => {
  const { setTimeout } = globalThis;
  Object.assign(globalThis, { setTimeout: () => 0 });
  try {
    const { name, version } = await askRuntime();
    assertEquals(name, runtime);
    assert(version);
  } finally {
    Object.assign(globalThis, { setTimeout });
  }
});
