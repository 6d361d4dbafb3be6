// npm test: node26 (data in, data out)
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { attribute } from "../../jitter/attribute.ts";
import type { Signs } from "../../jitter/signs.ts";
import type { Cause } from "../../jitter/types.ts";

const MS = 1e6;
const NOTHING: Signs = {
  runDelayNs: 0,
  involuntary: 0,
  voluntary: 0,
  throttledPeriods: 0,
  throttledNs: 0,
  stealNs: 0,
  offNs: 0,
};
const UNREADABLE: Signs = {
  runDelayNs: null,
  involuntary: null,
  voluntary: null,
  throttledPeriods: null,
  throttledNs: null,
  stealNs: null,
  offNs: null,
};

/** What gaps of these lengths are put down to. A text is one that ended on another CPU. */
function causes(
  lengths: readonly (number | string)[],
  signs: Partial<Signs>,
  { base = NOTHING, jumpNs = 0 } = {},
): Cause[] {
  const gaps = lengths.map((length) => ({
    ns: Number(length),
    moved: typeof length === "string",
  }));
  return attribute(gaps, { ...base, ...signs }, jumpNs);
}

const CASES: readonly {
  readonly what: string;
  readonly lengths: readonly (number | string)[];
  readonly signs: Partial<Signs>;
  readonly more?: { readonly base?: Signs; readonly jumpNs?: number };
  readonly expected: readonly Cause[];
}[] = [
  {
    what: "nothing the kernel has counted",
    lengths: [4 * MS, 2000],
    signs: {},
    expected: ["interrupt or host", "interrupt or host"],
  },
  {
    what: "nothing that could be read",
    lengths: [4 * MS],
    signs: {},
    more: { base: UNREADABLE },
    expected: ["interrupt or host"],
  },
  {
    what: "a wait for a CPU, and interrupts",
    lengths: [4 * MS, 3000, 2000],
    signs: { runDelayNs: 3.99 * MS, involuntary: 1 },
    expected: ["preempted", "interrupt or host", "interrupt or host"],
  },
  {
    what: "several waits",
    lengths: [4 * MS, 3 * MS, 50_000, 2000],
    signs: { runDelayNs: 7.04 * MS, involuntary: 3 },
    expected: ["preempted", "preempted", "preempted", "interrupt or host"],
  },
  {
    what: "a long gap of the host, and a short wait",
    lengths: [30 * MS, 4 * MS],
    signs: { runDelayNs: 4 * MS, involuntary: 1, stealNs: 30 * MS, offNs: 30 * MS },
    expected: ["interrupt or host", "preempted"],
  },
  {
    what: "a short wait that is mostly the switches to and fro",
    lengths: [12_000, 3000],
    signs: { runDelayNs: 5000, involuntary: 1 },
    expected: ["preempted", "interrupt or host"],
  },
  {
    what: "no more waits than switches",
    lengths: [4 * MS, 4 * MS],
    signs: { runDelayNs: 8 * MS, involuntary: 1 },
    expected: ["preempted", "interrupt or host"],
  },
  {
    what: "two waits, of which one has some of the host's time in its gap",
    lengths: [9.92 * MS, 8.12 * MS, 77_000],
    signs: { runDelayNs: 16.2 * MS, involuntary: 2 },
    expected: ["preempted", "preempted", "interrupt or host"],
  },
  {
    what: "two waits, of which one has much of the host's time in its gap",
    lengths: [14.4 * MS, 8.2 * MS, 190_000],
    signs: { runDelayNs: 16.2 * MS, involuntary: 2 },
    expected: ["preempted", "preempted", "interrupt or host"],
  },
  {
    what: "a long and a short wait, where the host's time is as long as the short one",
    lengths: [61.3 * MS, 8.08 * MS, 107_000],
    signs: { runDelayNs: 64.9 * MS, involuntary: 2 },
    expected: ["preempted", "preempted", "interrupt or host"],
  },
  {
    what: "a long wait, and many short ones",
    lengths: [61.3 * MS, 8.08 * MS, ...Array(18).fill(200_000)],
    signs: { runDelayNs: 64.9 * MS, involuntary: 19 },
    expected: ["preempted", "interrupt or host", ...Array(18).fill("preempted")],
  },
  {
    what: "a wait in the gap that fits, not in the host's longer one",
    lengths: [8.38 * MS, 8.1 * MS],
    signs: { runDelayNs: 8.04 * MS, involuntary: 1 },
    expected: ["interrupt or host", "preempted"],
  },
  {
    what: "two waits beside a gap of the host",
    lengths: [8.13 * MS, 8.08 * MS, 5.42 * MS],
    signs: { runDelayNs: 16.14 * MS, involuntary: 3 },
    expected: ["preempted", "preempted", "interrupt or host"],
  },
  {
    what: "no wait in a gap that is mostly something else's",
    lengths: [8 * MS],
    signs: { runDelayNs: 5 * MS, involuntary: 1 },
    expected: ["interrupt or host"],
  },
  {
    what: "a quota, whose time is a wait as well",
    lengths: [60 * MS, 4 * MS, 2000],
    signs: { runDelayNs: 64 * MS, involuntary: 2, throttledNs: 60 * MS, throttledPeriods: 1 },
    expected: ["throttled", "preempted", "interrupt or host"],
  },
  {
    what: "a quota, and another wait behind it in the same gap",
    lengths: [92 * MS],
    signs: { runDelayNs: 92 * MS, involuntary: 1, throttledNs: 58 * MS, throttledPeriods: 1 },
    expected: ["throttled"],
  },
  {
    what: "a quota on several CPUs, where one gap is this thread's",
    lengths: [60 * MS, 60 * MS],
    signs: { runDelayNs: 120 * MS, involuntary: 2, throttledNs: 120 * MS, throttledPeriods: 1 },
    expected: ["throttled", "preempted"],
  },
  {
    what: "a stop",
    lengths: [64 * MS, 4 * MS],
    signs: { runDelayNs: 5 * MS, involuntary: 1, voluntary: 1, offNs: 63 * MS },
    expected: ["stopped", "preempted"],
  },
  {
    what: "a stop, though the waits of all others together are longer",
    lengths: [112 * MS, 60 * MS, 40 * MS, 4 * MS],
    signs: { runDelayNs: 122 * MS, involuntary: 4, voluntary: 1, offNs: 94 * MS },
    expected: ["stopped", "preempted", "preempted", "preempted"],
  },
  {
    what: "a stop beside a longer wait",
    lengths: [90 * MS, 64 * MS],
    signs: { runDelayNs: 90 * MS, involuntary: 1, voluntary: 1, offNs: 63 * MS },
    expected: ["preempted", "stopped"],
  },
  {
    what: "two stops",
    lengths: [65 * MS, 61 * MS, 5 * MS],
    signs: { voluntary: 2, offNs: 125 * MS },
    expected: ["stopped", "stopped", "interrupt or host"],
  },
  {
    what: "a stop, and a moment's sleep of the engine",
    lengths: [208 * MS, 1.5 * MS],
    signs: { runDelayNs: 1.5 * MS, involuntary: 1, voluntary: 2, offNs: 203 * MS },
    expected: ["stopped", "preempted"],
  },
  {
    what: "no stop in a moment's sleep of the engine",
    lengths: [20_000],
    signs: { voluntary: 1, offNs: 15_000 },
    expected: ["interrupt or host"],
  },
  {
    what: "time of the host, without any switch",
    lengths: [64 * MS],
    signs: { offNs: 64 * MS },
    expected: ["interrupt or host"],
  },
  {
    what: "a move",
    lengths: ["40000", 3000],
    signs: { runDelayNs: 35_000, involuntary: 1 },
    expected: ["moved", "interrupt or host"],
  },
  {
    what: "a wait, after which another CPU was free",
    lengths: [String(20 * MS)],
    signs: { runDelayNs: 20 * MS, involuntary: 1 },
    expected: ["preempted"],
  },
  {
    what: "a jump of the counter",
    lengths: [500 * MS, 4 * MS],
    signs: { runDelayNs: 4 * MS, involuntary: 1 },
    more: { jumpNs: 499 * MS },
    expected: ["jumped", "preempted"],
  },
  {
    what: "a counter that went back, which makes no gap",
    lengths: [4 * MS],
    signs: {},
    more: { jumpNs: -499 * MS },
    expected: ["interrupt or host"],
  },
  {
    what: "switches alone, without schedstat: the longest gaps",
    lengths: [4 * MS, 3 * MS, 2000],
    signs: { involuntary: 2 },
    more: { base: UNREADABLE },
    expected: ["preempted", "preempted", "interrupt or host"],
  },
];

for (const { what, lengths, signs, more, expected } of CASES) {
  test(`attribute() finds ${what}`, () => assertEquals(causes(lengths, signs, more), expected));
}
