import { assert, assertEquals, assertLess, assertMatch, assertThrows } from "@std/assert";
import { test } from "node:test";
import { setImmediate } from "node:timers";
import { setTimeout as sleep } from "node:timers/promises";
import { loopDelay, type LoopDelaySnapshot } from "../../jitter/mod.ts";
import { now } from "../../mod.ts";
import { full, run, runtime, statisticalTest } from "../support.ts";

const timeout = 60_000;

function hold(ms: number): void {
  const start = now();
  while (now() - start < ms * 1e6) continue;
}

statisticalTest("loopDelay() sees a loop that is held up anywhere, and ends with its program", {
  timeout,
}, () => {
  const { code, stdout, stderr } = run("tests/fixtures/loop_delay.ts");
  assertEquals([code, stderr], [0, ""]);
  const { snapshot, held } = JSON.parse(stdout) as { snapshot: LoopDelaySnapshot; held: number[] };
  const { method, waits, elapsedNs, control } = snapshot;
  assertEquals(method, runtime === "node" ? "turns" : "timer");
  assertEquals(held.length, 8);
  // What was planted: each time of it half as long on average, over all of the time.
  const mean = held.reduce((sum, ns) => sum + ns * ns / 2, 0) / elapsedNs;
  assertLess(0.8 * mean, waits.mean);
  // What the machine does holds a timer up in an idle thread as well.
  assertLess(waits.mean, 1.3 * mean + 2 * (control?.mean ?? NaN));
  assert(waits.max > 0.8 * Math.max(...held), `${waits.max} of ${held}`);
  assert(waits.p50 <= waits.p90 && waits.p90 <= waits.p99 && waits.p999 <= waits.max * 1.01);
});

statisticalTest("loopDelay() does not wake an idle loop in Node", {
  skip: runtime !== "node" && "a timer wakes the loop",
  timeout,
}, async () => {
  const delay = loopDelay();
  let wakeUps = 0;
  let last = -Infinity;
  const count = () => {
    // V8 also has things to do in the loop, several at once.
    if (now() - last > 2e6) {
      wakeUps++;
      last = now();
    }
    setImmediate(count).unref();
  };
  await sleep(50);
  setImmediate(count).unref();
  await sleep(500);
  assertEquals(delay.snapshot().method, "turns");
  delay.close();
  assertLess(wakeUps, 20, "in half a second"); // a timer of 10 ms makes 50
});

test("loopDelay() begins anew when it is reset, and keeps its last figures", {
  timeout,
}, async () => {
  const delay = loopDelay();
  await sleep(30);
  hold(150);
  await sleep(30);
  assertLess(125e6, delay.snapshot().waits.max);
  delay.reset();
  const { elapsedNs, waits } = delay.snapshot();
  assertLess(elapsedNs, 125e6);
  assertLess(waits.max, 1.01 * elapsedNs); // as wide as a bucket
  await sleep(30);
  delay.close();
  const last = delay.snapshot();
  await sleep(30);
  hold(50);
  delay.reset();
  assertEquals(delay.snapshot(), last);
});

test("loopDelay() tells what holds the loop up before and after a reset, each where it was", {
  timeout,
}, async () => {
  const delay = loopDelay();
  await sleep(30);
  hold(150);
  assertLess(125e6, delay.snapshot().waits.max);
  delay.reset();
  hold(50);
  await sleep(30);
  const { elapsedNs, waits } = delay.snapshot();
  assertLess(35e6, waits.max);
  assertLess(waits.max, 1.01 * elapsedNs);
  delay.close();
});

test("loopDelay() says why there is no control where no Worker may be started", { timeout }, () => {
  // Bun has no permissions.
  const { code, stdout, stderr } = run("tests/fixtures/loop_delay_alone.ts", [], {
    deno: ["--no-prompt", "--allow-ffi"],
    node: ["--permission", "--allow-fs-read=*"],
  });
  assertEquals([code, stderr], [0, ""]);
  const { control, controlFailure, method, waits, elapsedNs } = JSON.parse(
    stdout,
  ) as LoopDelaySnapshot;
  assertEquals(method, runtime === "node" ? "turns" : "timer");
  assertLess(waits.max, 1.01 * elapsedNs);
  if (runtime === "bun") return;
  assertEquals(control, null);
  assertMatch(controlFailure ?? "", /allow-(worker|read)|restricted/);
});

statisticalTest("loopDelay() has a control that the program does not hold up", {
  timeout,
}, async () => {
  const delay = loopDelay({ control: true });
  const alive = async () => {
    for (let i = 0; i < 500; i++) {
      await sleep(20);
      if ((delay.snapshot().control?.mean ?? 0) > 0) return;
    }
  };
  await alive(); // a Worker takes a moment
  delay.reset();
  for (let i = 0; i < (full ? 5 : 3); i++) {
    await sleep(20);
    hold(200);
  }
  await sleep(20);
  const { waits, control, controlFailure } = delay.snapshot();
  assertEquals(controlFailure, null);
  assert(control);
  assertLess(control.mean, waits.mean / 2);
  assertLess(50e6, waits.mean);
  delay[Symbol.dispose]();
});

test("loopDelay() throws for options that cannot be", () => {
  for (const resolution of [0, 0.5, 1001, NaN]) {
    assertThrows(() => loopDelay({ resolution }), RangeError, "`resolution`");
  }
  assertThrows(() => loopDelay({ resolution: "1" as never }), TypeError, "`resolution`");
  assertThrows(() => loopDelay({ control: 1 as never }), TypeError, "`control`");
  assertThrows(() => loopDelay({ interval: 1 } as never), TypeError, "got interval");
  assertThrows(() => loopDelay(null as never), TypeError, "`options`");
});
