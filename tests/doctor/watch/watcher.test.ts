/** What is told of looks that are made up. */
// npm test: node26 (it only computes, on what is made up)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { fillFacts } from "../../../doctor/facts/shape.ts";
import type { PathCost, WallFacts } from "../../../doctor/facts/types.ts";
import type { Look } from "../../../doctor/watch/look.ts";
import { Watcher } from "../../../doctor/watch/watcher.ts";

const FAST: PathCost = { nativeNs: 25, syscallNs: 130 };
const SLOW: PathCost = { nativeNs: 1300, syscallNs: 1250 };
const SECOND = 1_000_000_000n;

/**
 * A machine whose clocks go on by a second from look to look, but for what a test changes. Its kernel
 * tells nothing of the wall clock unless a test does.
 */
function machine(name = "tsc", first = FAST, wall: Partial<WallFacts> = {}) {
  let look: Look = {
    monotonic: 1000n * SECOND,
    raw: 1000n * SECOND,
    boottime: 1000n * SECOND,
    realtime: 1_790_000_000n * SECOND,
    width: 100,
    costRatio: first.nativeNs / first.syscallNs,
    quota: new Map([["/app", { periods: 0, throttled: 0, throttledNs: 0 }]]),
    jumps: 0,
    disruption: 7n,
  };
  let [cost, clocksource] = [first, name];
  let measured = 0;
  const watcher = new Watcher({
    facts: fillFacts({
      machine: { arch: "x86_64", hypervisor: "KVMKVMKVM", invariant: true },
      clocksource: { parameters: [] },
      vdso: { entries: { clock_gettime: "vdso" } },
      wall,
    }),
    measure: () => {
      measured++;
      return { cost, clocksource: { current: clocksource, available: ["tsc", "kvm-clock"] } };
    },
    quotaCpus: () => 1,
    holdNs: 2.5e9,
  });
  const take = (changes: Partial<Look> = {}) => {
    look = { ...look, ...changes };
    const told = watcher.take(look).map(({ finding, over }) => `${over ? "-" : "+"}${finding.id}`);
    look = {
      ...look,
      monotonic: look.monotonic + SECOND,
      raw: look.raw + SECOND,
      boottime: look.boottime + SECOND,
      realtime: look.realtime + SECOND,
    };
    return told;
  };
  /** A look so long after the last one, by the clock that is not slewed. */
  const slew = (ppm: bigint, ns = SECOND) => {
    const less = ns - SECOND;
    const by = less + ns * ppm / 1_000_000n;
    return take({
      raw: look.raw + less,
      monotonic: look.monotonic + by,
      boottime: look.boottime + by,
      realtime: look.realtime + by,
    });
  };
  take();
  return {
    take,
    slew,
    look: () => look,
    measured: () => measured,
    become: (name: string, next: PathCost) => {
      [cost, clocksource] = [next, name];
      return take({ costRatio: next.nativeNs / next.syscallNs });
    },
  };
}

test("a Watcher tells nothing where nothing changes, and measures once", () => {
  const { take, measured } = machine();
  for (let i = 0; i < 20; i++) assertEquals(take(), []);
  assertEquals(measured(), 1);
});

test("a Watcher tells of a clocksource that degrades, and of its end", () => {
  const { take, measured, become } = machine();
  assertEquals(become("hpet", SLOW), ["+clock.syscall"]);
  assertEquals(take(), []);
  assertEquals(measured(), 2);
  assertEquals(become("tsc", FAST), ["-clock.syscall"]);
  assertEquals(measured(), 3);
});

test("a Watcher does not tell what was so from the start, but its end", () => {
  const { take, become } = machine("hpet", SLOW);
  assertEquals(take(), []);
  assertEquals(become("tsc", FAST), ["-clock.syscall"]);
});

test("a Watcher does not believe a few calls that were disturbed", () => {
  const { take, measured } = machine();
  assertEquals(take({ costRatio: 3 }), []); // measured anew: as cheap as before
  assertEquals(take({ costRatio: 0.2 }), []);
  assertEquals(measured(), 2);
});

test("a Watcher names the host where it withdraws the stable bit", () => {
  const { become } = machine();
  assertEquals(become("kvm-clock", FAST), []);
  assertEquals(become("kvm-clock", SLOW), ["+clock.syscall", "+clock.guest-unstable"]);
});

test("a Watcher tells of a wall clock that is set, for as long as it holds", () => {
  const { take, look } = machine();
  assertEquals(take({ realtime: look().realtime + 2_000_000n }), ["+wall.stepped"]);
  assertEquals(take(), []);
  assertEquals(take(), []);
  assertEquals(take(), ["-wall.stepped"]);
  assertEquals(take({ realtime: look().realtime - 3600n * SECOND }), ["+wall.stepped"]);
});

test("a Watcher takes suspend for no step", () => {
  const { take, look } = machine();
  const slept = 60n * SECOND;
  const { boottime, realtime } = look();
  assertEquals(take({ boottime: boottime + slept, realtime: realtime + slept }), ["+suspend.seen"]);
});

test("a Watcher does not take a reading that was interrupted for a step", () => {
  const { take, look } = machine();
  assertEquals(take({ realtime: look().realtime + 20_000_000n, width: 25e6 }), []);
});

test("a Watcher tells of slewing, and when it is over", () => {
  const { slew } = machine();
  assertEquals(slew(400n), []);
  assertEquals(slew(600n), ["+wall.slewing"]);
  assertEquals(slew(600n), []);
  assertEquals(slew(-100n), ["-wall.slewing"]);
  assertEquals(slew(-74_443n), ["+wall.slewing"]);
});

test("a Watcher tells of slewing that begins right after the first look", () => {
  const { slew } = machine("tsc", FAST, { tickUs: 10_000, freqPpm: 400 });
  assertEquals([slew(600n), slew(600n), slew(0n)], [["+wall.slewing"], [], ["-wall.slewing"]]);
});

test("a Watcher does not tell of slewing that the kernel told at the start, but its end", () => {
  const wall = { tickUs: 10_006, freqPpm: 0 };
  const { slew } = machine("tsc", FAST, wall);
  assertEquals([slew(600n), slew(600n), slew(0n)], [[], [], ["-wall.slewing"]]);
  assertEquals(slew(600n), ["+wall.slewing"]);
  assertEquals(machine("tsc", FAST, wall).slew(0n), ["-wall.slewing"]);
});

test("a Watcher takes the first rate for that of the start where the kernel tells none", () => {
  const { slew } = machine();
  assertEquals([slew(600n), slew(600n), slew(0n)], [[], [], ["-wall.slewing"]]);
  assertEquals(slew(600n), ["+wall.slewing"]);
});

test("a Watcher waits for a rate where looks come too soon, and tells none twice", () => {
  const { slew, take, look } = machine();
  const soon = 93_000_000n;
  assertEquals([slew(74_443n, soon), slew(74_443n, soon)], [[], []]); // so from the start
  assertEquals([slew(74_443n, soon), slew(74_443n, soon)], [[], []]);
  assertEquals(slew(0n), ["-wall.slewing"]);
  assertEquals([slew(74_443n, soon), slew(74_443n, soon)], [[], ["+wall.slewing"]]);
  assertEquals(take({ raw: look().raw - 3600n * SECOND }), ["-wall.slewing"]); // no rate at all
  assertEquals(slew(600n), ["+wall.slewing"]);
});

test("a Watcher tells of a restore by the device or by the counter", () => {
  const { take } = machine();
  assertEquals(take({ disruption: 8n }), ["+vm.restored"]);
  const other = machine();
  assertEquals(other.take({ jumps: 1 }), ["+counter.jumped", "+vm.restored"]);
  // A marker that could not be read tells nothing.
  assertEquals(machine().take({ disruption: undefined }), []);
});

test("a Watcher tells of a quota that stops the group", () => {
  const { take } = machine();
  const quota = new Map([["/app", { periods: 10, throttled: 3, throttledNs: 2e8 }]]);
  assertEquals(take({ quota }), ["+cpu.throttled"]);
  assertEquals([take(), take(), take()], [[], [], ["-cpu.throttled"]]);
});
