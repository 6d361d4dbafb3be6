/** Clocks of another time namespace. */
import { assert, assertGreaterOrEqual, assertLessOrEqual } from "@std/assert";
import type { Place, Row } from "../../../scripts/hostile/place.ts";
import type { RuntimeCommand } from "../../../scripts/runtimes.ts";
import { type ClockReading, readClocks } from "../../fixtures/env_clocks.ts";
import { returned } from "../../fixtures/env_run.ts";
import { timeNamespace } from "../../launchers.ts";
import { place, probe, steps, VDSO_CLOCKS } from "./place.ts";

export const TIME_NAMESPACE: Place = place(
  "time-namespace",
  "A time namespace, 100000 and 200000 s ahead",
  visitTimeNamespace,
);

const MONOTONIC_AHEAD = 100_000;
const BOOTTIME_AHEAD = 200_000;

/** Ahead of this process by as much as was said; and, by the probe, the system call's own time. */
async function visitTimeNamespace(runtime: RuntimeCommand): Promise<Row> {
  const launcher = timeNamespace(MONOTONIC_AHEAD, BOOTTIME_AHEAD);
  const shifts = new Map([[1, MONOTONIC_AHEAD], [4, MONOTONIC_AHEAD], [6, MONOTONIC_AHEAD], [
    7,
    BOOTTIME_AHEAD,
  ]]);
  const before = readClocks();
  const [clocks] = await steps(runtime, { launcher }, ["clocks"]);
  const shifted = (readings: readonly ClockReading[]) =>
    readings.map((reading) => {
      const shift = BigInt(shifts.get(reading.clock) ?? 0) * 1_000_000_000n;
      return { ...reading, time: { value: returned(reading.time) + shift } };
    });
  const ofAll = (readings: readonly ClockReading[]) =>
    readings.filter(({ clock }) => VDSO_CLOCKS.has(clock));
  ofAll(returned(clocks)).forEach(({ clock, time }, index) => {
    const [first, last] = [shifted(ofAll(before))[index], shifted(ofAll(readClocks()))[index]];
    assert(first && last);
    assertGreaterOrEqual(returned(time), first.time.value, `clock ${clock}`);
    assertLessOrEqual(returned(time), last.time.value, `clock ${clock}`);
  });
  return probe(runtime, { launcher });
}
