import { assert, assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { allowedCpus, pin } from "../../jitter/affinity.ts";
import { cpu, VdsoError } from "../../mod.ts";

test("pin() keeps this thread on a CPU, until it is released", () => {
  const all = allowedCpus();
  assert(all.length > 0 && all.includes(cpu()));
  for (const one of all) {
    const release = pin(one);
    try {
      assertEquals([allowedCpus(), cpu()], [[one], one]);
    } finally {
      release();
    }
    assertEquals(allowedCpus(), all);
  }
});

test("pin() throws for a CPU that is not there, and leaves the thread as it was", () => {
  const all = allowedCpus();
  const error = assertThrows(() => pin(8191), VdsoError);
  assertEquals([error.code, error.syscall], ["EINVAL", "sched_setaffinity"]);
  assertEquals(allowedCpus(), all);
});
